/** Admission: how many tasks the machine takes on now, and what holds the others back. */

/** What the machine, or the part of it that is ours, has left. Null is unknown, and holds nothing back. */
export interface Resources {
  /** How much of the whole machine's CPU time is used, 0 to 100. */
  readonly cpuPercent: number | null
  /** CPU use will be known in a moment, but is not now: until then it is not under the threshold. */
  readonly isMeasuring: boolean
  readonly availableBytes: number | null
  readonly totalBytes: number | null
}

/** The limits of admission; a reserve of null is the lower of 1 GiB and 10 % of the memory. */
export interface Limits {
  readonly cpuThreshold: number
  readonly memoryReserve: number | null
  readonly settlingWindowMs: number
}

/** What asks to be admitted beside what runs; `startedAt` holds the instants (epoch ms) of at least those that started within the window. */
export interface Admission {
  readonly waiting: number
  readonly running: number
  readonly startedAt: ReadonlyArray<number>
  readonly now: number
}

/** What holds the next task back, with its numbers. */
export type Held =
  | { readonly because: "measuring" }
  | { readonly because: "cpu"; readonly cpuPercent: number; readonly cpuThreshold: number }
  | {
      readonly because: "memory"
      readonly availableBytes: number
      /** What tasks that have just started are expected to take yet. */
      readonly expectedBytes: number
      /** What the next one is expected to take. */
      readonly nextBytes: number
      readonly reserveBytes: number
    }

/** How many may start; `held` is null when all may. */
export interface Verdict {
  readonly admitted: number
  readonly held: Held | null
}

const mebibyte = 1_048_576

/** What one agent is expected to take once it is under way. Assumed, not measured: a Node program of that size has some hundred MiB resident. */
export const agentBytes = 400 * mebibyte

/** What one that started at an instant is expected to take yet: less with each moment, because ever more of it is in use already. */
const expectedOf = (startedAt: number, now: number, windowMs: number): number => {
  const age = now - startedAt
  // Below zero the clock was set back: its age is unknown, and a window of unknown length would hold the others back for as long.
  return age < 0 || age >= windowMs ? 0 : agentBytes * (1 - age / windowMs)
}

const reserveOf = (memoryReserve: number | null, totalBytes: number | null): number =>
  memoryReserve ??
  Math.min(1024 * mebibyte, totalBytes === null ? Number.POSITIVE_INFINITY : totalBytes / 10)

/** How many more the memory takes, and the numbers behind it; null when it is unknown. */
const memoryRoom = (
  { availableBytes, totalBytes }: Resources,
  limits: Limits,
  { startedAt, now }: Admission
) => {
  if (availableBytes === null) return null
  const { memoryReserve, settlingWindowMs } = limits
  const reserveBytes = reserveOf(memoryReserve, totalBytes)
  const expectedBytes = startedAt.reduce(
    (sum, at) => sum + expectedOf(at, now, settlingWindowMs),
    0
  )
  const spare = availableBytes - expectedBytes - reserveBytes
  const nextBytes = expectedOf(now, now, settlingWindowMs)
  const fitting = nextBytes === 0 ? Number.POSITIVE_INFINITY : Math.floor(spare / nextBytes)
  const held = {
    because: "memory",
    availableBytes,
    expectedBytes,
    nextBytes,
    reserveBytes
  } as const
  return { count: spare < 0 ? 0 : fitting, held }
}

/** A threshold of 100 is none: use cannot exceed it. */
const cpuHolds = (
  { cpuPercent, isMeasuring }: Resources,
  { cpuThreshold }: Limits
): Held | null => {
  if (cpuThreshold >= 100) return null
  if (isMeasuring) return { because: "measuring" }
  return cpuPercent === null || cpuPercent < cpuThreshold
    ? null
    : { because: "cpu", cpuPercent, cpuThreshold }
}

/** Says how many of those waiting may start now. At least one always runs, however busy the machine is. */
export const admit = (resources: Resources, limits: Limits, admission: Admission): Verdict => {
  const { waiting, running } = admission
  const least = running === 0 ? 1 : 0
  const cpu = cpuHolds(resources, limits)
  const memory = memoryRoom(resources, limits, admission)
  const room = cpu === null ? (memory?.count ?? Number.POSITIVE_INFINITY) : 0
  const admitted = Math.min(waiting, Math.max(least, room))
  return { admitted, held: admitted === waiting ? null : (cpu ?? memory?.held ?? null) }
}
