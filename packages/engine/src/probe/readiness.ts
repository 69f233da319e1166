/** Determines whether a starting task is ready: by a line of its output or by its answers. */
import { type Probe, probeTiming } from "@backbeat/core/task/Probe"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { follow } from "../output/follow.ts"
import { idleLineMs } from "../output/IdleLines.ts"
import { listenersAt } from "../process/listeners.ts"
import { look } from "../process/look.ts"
import type { AttemptTree } from "../process/remains.ts"
import type { MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { ask, type Question, type CommandContext } from "./ask.ts"
import { describeHeld, type HeldPort } from "../process/heldPort.ts"

/** A readiness check; `last` is the last wrong answer. */
export interface ReadinessCheck {
  readonly probe: Probe
  readonly live: MonitoredAttempt
  readonly tree: AttemptTree
  readonly last: LastAnswer
  readonly context: CommandContext
}

/**
 * The last wrong answer; `wasFree` is set if nobody has answered on the port since the attempt
 * started.
 */
interface LastAnswer {
  output: string
  wasFree?: true
}

const slowPattern =
  "its pattern is too slow for a line of this output, so it is unknown whether it matches"

/**
 * Whether a line of the output matches before `ended`. If the pattern is too slow, it says so in
 * `last` and returns false.
 */
const matchesOutput = (
  pattern: string,
  { attempt, readable }: MonitoredAttempt,
  last: LastAnswer,
  ended: Effect.Effect<void>
): Effect.Effect<boolean> =>
  follow({ attempt, ...readable, ended, grep: pattern, hurried: true, idleLineMs }).pipe(
    Stream.take(1),
    Stream.runCollect,
    Effect.map((lines) => lines.length > 0),
    Effect.catch((error) =>
      Effect.sync(() => {
        if (error._tag === "InvalidLogQuery") last.output = slowPattern
        return false
      })
    )
  )

/** The first delay between two probes in milliseconds. Each further delay is twice as long. */
const firstWaitMs = 20

/**
 * Whether the answers on a port that another program used are now the task's: it listens there
 * itself, or the other program has stopped.
 */
const isOwn = (check: ReadinessCheck, held: HeldPort): Effect.Effect<boolean> =>
  check.last.wasFree === true
    ? Effect.succeed(true)
    : Effect.map(
        look(check.tree),
        (left) =>
          listenersAt(
            held.port,
            left.map(({ identity }) => identity.pid)
          ).length > 0
      )

/** Probes once. Returns null if the answer was right and came from the task. */
const askOwn = (question: Question, check: ReadinessCheck) =>
  Effect.gen(function* () {
    const {
      live: { held },
      last,
      context
    } = check
    const answer = yield* ask(question, context)
    // A wrong status still comes from the other program.
    if (answer !== null && !answer.startsWith("status ")) last.wasFree = true
    last.output = answer ?? last.output
    if (answer !== null || held === null || (yield* isOwn(check, held))) return answer
    last.output = describeHeld(held)
    return last.output
  })

/** Probes until the first right answer. */
const untilAnswered = (question: Question, check: ReadinessCheck): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { intervalMs } = probeTiming(question)
    for (
      let waitMs = Math.min(firstWaitMs, intervalMs);
      ;
      waitMs = Math.min(waitMs * 2, intervalMs)
    ) {
      if ((yield* askOwn(question, check)) === null) return
      yield* Effect.sleep(waitMs)
    }
  })

/**
 * A time limit that fires later than this (ms) fires in an engine that was suspended: the last
 * probe may have been long ago.
 */
const lateMs = 250

/** Returns when the task is ready. */
export const ready = (check: ReadinessCheck): Effect.Effect<void> => {
  const { probe, live, last } = check
  if (!("log" in probe)) return untilAnswered(probe, check)
  return Effect.flatMap(matchesOutput(probe.log, live, last, Effect.never), (isMatched) =>
    isMatched ? Effect.void : Effect.never
  )
}

/**
 * Whether the task is ready when its time is up. A matching line counts. After a suspension the
 * engine probes once more.
 */
export const readyLate = Effect.fnUntraced(function* (check: ReadinessCheck) {
  const { probe, live, last } = check
  if (last.output === slowPattern) return false
  if ("log" in probe) return yield* matchesOutput(probe.log, live, last, Effect.void)
  const limitAt = (live.startedAt ?? 0) + probeTiming(probe).startupTimeoutMs
  if ((yield* Clock.currentTimeMillis) - limitAt < lateMs) return false
  return (yield* askOwn(probe, check)) === null
})
