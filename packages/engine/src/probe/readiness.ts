/** Whether a task that begins is ready: by what it prints, or by what it answers. */
import { type Probe, probeTiming } from "@backbeat/core/task/Probe"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { follow } from "../output/follow.ts"
import { restMs } from "../output/Rest.ts"
import { listenersAt } from "../process/listeners.ts"
import { look } from "../process/look.ts"
import type { AttemptTree } from "../process/remains.ts"
import type { MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { ask, type Question, type Surroundings } from "./ask.ts"
import { describeHeld, type HeldPort } from "../process/heldPort.ts"

/** Who is asked what; `last` keeps what came instead of the right answer. */
export interface Asking {
  readonly probe: Probe
  readonly live: MonitoredAttempt
  readonly tree: AttemptTree
  readonly last: Last
  readonly surroundings: Surroundings
}

/** What came instead of the right answer; `wasFree` when nobody has answered on its port since it began. */
interface Last {
  output: string
  wasFree?: true
}

const slowPattern =
  "its pattern is too slow for a line of this output, so it is unknown whether it matches"

/** Whether a line of the output matches, until `ended`. What keeps that from being known is kept in `last`, and is no match. */
const heard = (
  pattern: string,
  { attempt, readable }: MonitoredAttempt,
  last: Last,
  ended: Effect.Effect<void>
): Effect.Effect<boolean> =>
  follow({ attempt, ...readable, ended, grep: pattern, hurried: true, restMs }).pipe(
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

/** The first wait between two questions of a task that begins, in milliseconds; each next one is twice as long. */
const firstWaitMs = 20

/** Whether the answers of a port that another program held are the task's by now: it listens there itself, or the other one has gone. */
const isOwn = (asking: Asking, held: HeldPort): Effect.Effect<boolean> =>
  asking.last.wasFree === true
    ? Effect.succeed(true)
    : Effect.map(
        look(asking.tree),
        (left) =>
          listenersAt(
            held.port,
            left.map(({ identity }) => identity.pid)
          ).length > 0
      )

/** Asks once. Null when the answer was right, and the task's. */
const askOwn = (question: Question, asking: Asking) =>
  Effect.gen(function* () {
    const {
      live: { held },
      last,
      surroundings
    } = asking
    const answer = yield* ask(question, surroundings)
    // Whoever answers with another status is still there.
    if (answer !== null && !answer.startsWith("status ")) last.wasFree = true
    last.output = answer ?? last.output
    if (answer !== null || held === null || (yield* isOwn(asking, held))) return answer
    last.output = describeHeld(held)
    return last.output
  })

/** Ends at the first right answer; `last` keeps what came instead. */
const answered = (question: Question, asking: Asking): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { intervalMs } = probeTiming(question)
    for (
      let waitMs = Math.min(firstWaitMs, intervalMs);
      ;
      waitMs = Math.min(waitMs * 2, intervalMs)
    ) {
      if ((yield* askOwn(question, asking)) === null) return
      yield* Effect.sleep(waitMs)
    }
  })

/** A limit that rings later than this, in milliseconds, rings in an engine that stood still: the last question may have been long ago. */
const lateMs = 250

/** Ends when it is ready. */
export const ready = (asking: Asking): Effect.Effect<void> => {
  const { probe, live, last } = asking
  if (!("log" in probe)) return answered(probe, asking)
  return Effect.flatMap(heard(probe.log, live, last, Effect.never), (isHeard) =>
    isHeard ? Effect.void : Effect.never
  )
}

/** Whether it is ready after all when its time is up: what it has printed counts, and an engine that stood still asks once more. */
export const readyLate = Effect.fnUntraced(function* (asking: Asking) {
  const { probe, live, last } = asking
  if (last.output === slowPattern) return false
  if ("log" in probe) return yield* heard(probe.log, live, last, Effect.void)
  const limitAt = (live.startedAt ?? 0) + probeTiming(probe).startupTimeoutMs
  if ((yield* Clock.currentTimeMillis) - limitAt < lateMs) return false
  return (yield* askOwn(probe, asking)) === null
})
