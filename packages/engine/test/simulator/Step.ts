/** What happens in a history: plain values, made from a seed before anything happens, so that a history can be printed, repeated and shrunk. */
import type { SeededRandom } from "../oracle/SeededRandom.ts"
import type { Behaviour, Leftover } from "./Behaviour.ts"

/** A task to be started. What it depends on is named by how far back it was started. */
export interface Plan {
  readonly behaviours: ReadonlyArray<Behaviour>
  readonly payload: Readonly<Record<string, unknown>>
  readonly dependsOn: ReadonlyArray<{
    readonly back: number
    readonly on: "success" | "failure" | "end"
  }>
}

/** What is damaged in the folder of an attempt. */
export const damages = ["folder", "emptied", "claim", "alive", "task"] as const

/** A signal from outside, to whom of an attempt. */
export type Victim = "shim" | "command" | "leftover" | "group"

/** One step. Tasks are meant by how far back they were started: 0 is the latest. */
export type Step =
  | { readonly do: "start"; readonly plans: ReadonlyArray<Plan>; readonly wait: boolean }
  | { readonly do: "stop"; readonly back: number; readonly force: boolean }
  | { readonly do: "restart"; readonly back: number }
  | { readonly do: "wait"; readonly back: number }
  | { readonly do: "look"; readonly back: number; readonly how: "status" | "why" | "list" | "logs" }
  | { readonly do: "pause" | "resume" }
  | { readonly do: "prune" }
  | { readonly do: "pass"; readonly ms: number }
  /** Until so long before (or after) the engine's next timer. */
  | { readonly do: "passToTimer"; readonly offsetMs: number }
  /** Stops a task just before its next attempt is due, if one waits for that. */
  | { readonly do: "stopBeforeRetry"; readonly ms: number }
  | { readonly do: "stall"; readonly ms: number }
  | { readonly do: "kill"; readonly afterEffects: number }
  | { readonly do: "endEngine" }
  | { readonly do: "setWall"; readonly byMs: number }
  | {
      readonly do: "signal"
      readonly back: number
      readonly victim: Victim
      readonly signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"
    }
  /** The disk is full for so long. */
  | { readonly do: "fill"; readonly ms: number }
  | { readonly do: "shortOfDescriptors"; readonly calls: number }
  | { readonly do: "refuseWatches"; readonly on: boolean }
  | { readonly do: "damage"; readonly back: number; readonly how: (typeof damages)[number] }

/** The queue of some tasks, which is paused now and then. */
export const queue = "q"

const leftoverOf = (random: SeededRandom): Leftover => ({
  lastsMs: random.below(4) === 0 ? random.below(4000) : null,
  ignoresTerm: random.below(3) === 0,
  keepsAlive: random.below(2) === 0,
  leads: random.below(2) === 0
})

const behaviourOf = (random: SeededRandom): Behaviour => {
  const kind = random.below(10)
  return {
    lastsMs: kind < 2 ? null : kind < 6 ? random.below(120) : random.below(2500),
    exitCode: random.pick([0, 0, 1, 7]),
    onTerm: random.pick(["dies", "dies", "goesOn", random.below(700)]),
    leaves: random.below(4) === 0 ? [leftoverOf(random)] : [],
    writesAtMs: random.below(3) === 0 ? [random.below(800)] : []
  }
}

const chance = (random: SeededRandom, fields: Record<string, unknown>, oneIn = 2) =>
  random.below(oneIn) === 0 ? fields : {}

const planOf = (random: SeededRandom): Plan => ({
  behaviours: Array.from({ length: 1 + random.below(3) }, () => behaviourOf(random)),
  payload: {
    gracePeriodMs: random.pick([0, 300, 1000, 2500]),
    ...chance(random, { timeout: random.pick([1000, 1500]) }),
    ...chance(random, { stallTimeoutMs: random.pick([400, 1200]) }, 8),
    ...chance(random, { queue }, 3),
    ...chance(random, { delayMs: random.below(600) }, 8),
    ...chance(random, {
      restart: {
        when: random.pick(["on-failure", "on-failure", "always"]),
        delayMs: random.pick([0, 100, 400, 3000]),
        maxAttempts: 2 + random.below(2),
        backoff: "constant"
      }
    })
  },
  dependsOn:
    random.below(4) === 0
      ? [{ back: random.below(4), on: random.pick(["success", "success", "failure", "end"]) }]
      : []
})

/** Many at once that end in time, as far as it is theirs. */
const crowdOf = (random: SeededRandom): Step => ({
  do: "start",
  wait: false,
  plans: Array.from({ length: 8 + random.below(16) }, () => ({
    behaviours: [
      { lastsMs: 300 + random.below(600), exitCode: 0, onTerm: "dies", leaves: [], writesAtMs: [] }
    ],
    payload: { timeout: 1000, gracePeriodMs: 300 },
    dependsOn: []
  }))
})

const back = (random: SeededRandom): number => Math.floor(random.next() ** 2 * 8)

/** How often each step comes, against the sum of all. */
const weights: ReadonlyArray<readonly [number, (random: SeededRandom) => Step]> = [
  [
    20,
    (random) => ({
      do: "start",
      wait: random.below(6) === 0,
      plans: Array.from({ length: 1 + random.below(2) }, () => planOf(random))
    })
  ],
  [1, crowdOf],
  [12, (random) => ({ do: "stop", back: back(random), force: random.below(6) === 0 })],
  [6, (random) => ({ do: "restart", back: back(random) })],
  [3, (random) => ({ do: "wait", back: back(random) })],
  [
    4,
    (random) => ({
      do: "look",
      back: back(random),
      how: random.pick(["status", "why", "list", "logs"])
    })
  ],
  [2, () => ({ do: "pause" })],
  [2, () => ({ do: "resume" })],
  [2, () => ({ do: "prune" })],
  [10, (random) => ({ do: "pass", ms: random.below(40) })],
  [10, (random) => ({ do: "pass", ms: random.below(1500) })],
  [2, (random) => ({ do: "pass", ms: 2000 + random.below(4000) })],
  [10, (random) => ({ do: "passToTimer", offsetMs: random.below(12) - 10 })],
  [6, (random) => ({ do: "stopBeforeRetry", ms: random.next() * 4 })],
  [5, (random) => ({ do: "stall", ms: random.pick([20, 300, 1500]) })],
  [10, (random) => ({ do: "kill", afterEffects: random.below(120) })],
  [3, (random) => ({ do: "kill", afterEffects: 0 + random.below(8) })],
  [2, () => ({ do: "endEngine" })],
  [2, (random) => ({ do: "setWall", byMs: random.pick([-3_600_000, -700, 900, 3_600_000]) })],
  [
    6,
    (random) => ({
      do: "signal",
      back: back(random),
      victim: random.pick(["shim", "command", "command", "leftover", "group"]),
      signal: random.pick(["SIGKILL", "SIGKILL", "SIGTERM", "SIGSTOP", "SIGCONT"])
    })
  ],
  [1, (random) => ({ do: "fill", ms: random.pick([50, 1000, 9000]) })],
  [1, (random) => ({ do: "shortOfDescriptors", calls: 1 + random.below(20) })],
  [1, (random) => ({ do: "refuseWatches", on: random.below(2) === 0 })],
  [1, (random) => ({ do: "damage", back: back(random), how: random.pick(damages) })]
]

const sum = weights.reduce((total, [weight]) => total + weight, 0)

const stepOf = (random: SeededRandom): Step => {
  let at = random.below(sum)
  for (const [weight, make] of weights) {
    at -= weight
    if (at < 0) return make(random)
  }
  return { do: "pass", ms: 1 }
}

/** The steps of a history. */
export const stepsOf = (random: SeededRandom, count: number): ReadonlyArray<Step> =>
  Array.from({ length: count }, () => stepOf(random))
