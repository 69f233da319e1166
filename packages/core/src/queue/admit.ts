/** Admission: how many queued tasks may start now, and which limit holds the others back. */

/**
 * The free resources of the machine, or of this control group. Null is unknown and limits nothing.
 */
export interface Resources {
  /** CPU use of the whole machine, 0 to 100. */
  readonly cpuPercent: number | null
  /** Whether CPU use is still being measured. Until then nothing is admitted. */
  readonly isMeasuring: boolean
  readonly availableBytes: number | null
  readonly totalBytes: number | null
}

/** The limits. A `memoryReserve` of null means the lower of 1 GiB and 10 % of the memory. */
export interface Limits {
  readonly cpuThreshold: number
  readonly memoryReserve: number | null
  readonly settlingWindowMs: number
}

/**
 * How many tasks wait and run. `startedAt` has the start (epoch ms) of each task that started
 * within the settling window, and maybe of older ones.
 */
export interface AdmissionRequest {
  readonly waiting: number
  readonly running: number
  readonly startedAt: ReadonlyArray<number>
  readonly now: number
}

/** The limit that holds the next task back, with its numbers. */
export type AdmissionLimit =
  | { readonly because: "measuring" }
  | { readonly because: "cpu"; readonly cpuPercent: number; readonly cpuThreshold: number }
  | {
      readonly because: "memory"
      readonly availableBytes: number
      /** The memory that recently started tasks are expected to take in addition. */
      readonly expectedBytes: number
      /** The memory that the next task is expected to take. */
      readonly nextBytes: number
      readonly reserveBytes: number
    }

/** How many tasks may start. `limitedBy` is null if all may. */
export interface AdmissionResult {
  readonly admitted: number
  readonly limitedBy: AdmissionLimit | null
}

const mebibyte = 1_048_576

/**
 * The memory that an agent is expected to take when it is under way. Assumed, not measured: a Node
 * program of that size takes some hundred MiB.
 */
export const agentBytes = 400 * mebibyte

/**
 * The memory that a task is expected to take in addition: it falls to 0 over the settling window.
 */
const expectedOf = (startedAt: number, now: number, windowMs: number): number => {
  const age = now - startedAt
  // A negative age means that the clock was set back, so the real age is unknown. Such a task must
  // not hold others back for an unknown time.
  return age < 0 || age >= windowMs ? 0 : agentBytes * (1 - age / windowMs)
}

const reserveOf = (memoryReserve: number | null, totalBytes: number | null): number =>
  memoryReserve ??
  Math.min(1024 * mebibyte, totalBytes === null ? Number.POSITIVE_INFINITY : totalBytes / 10)

/**
 * How many more tasks fit into memory, with the numbers; null if the available memory is unknown.
 */
const memoryCapacity = (
  { availableBytes, totalBytes }: Resources,
  limits: Limits,
  { startedAt, now }: AdmissionRequest
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
  const limit = {
    because: "memory",
    availableBytes,
    expectedBytes,
    nextBytes,
    reserveBytes
  } as const
  return { count: spare < 0 ? 0 : fitting, limit }
}

/** A threshold of 100 never limits: CPU use cannot exceed it. */
const cpuLimit = (
  { cpuPercent, isMeasuring }: Resources,
  { cpuThreshold }: Limits
): AdmissionLimit | null => {
  if (cpuThreshold >= 100) return null
  if (isMeasuring) return { because: "measuring" }
  return cpuPercent === null || cpuPercent < cpuThreshold
    ? null
    : { because: "cpu", cpuPercent, cpuThreshold }
}

/**
 * Returns how many waiting tasks may start now. At least one task always runs, however busy the
 * machine is.
 */
export const admit = (
  resources: Resources,
  limits: Limits,
  admission: AdmissionRequest
): AdmissionResult => {
  const { waiting, running } = admission
  const least = running === 0 ? 1 : 0
  const cpu = cpuLimit(resources, limits)
  const memory = memoryCapacity(resources, limits, admission)
  const capacity = cpu === null ? (memory?.count ?? Number.POSITIVE_INFINITY) : 0
  const admitted = Math.min(waiting, Math.max(least, capacity))
  return { admitted, limitedBy: admitted === waiting ? null : (cpu ?? memory?.limit ?? null) }
}
