/** Waiting on behalf of a caller, never longer than it wants. What is waited for goes on when the wait ends. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import { isFinal } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { makeUntil, makeUntilEnded } from "../task/until.ts"
import { type Call, toProblem } from "./Call.ts"
import { makeLastLines, makeShowEndedPipeline } from "./lastLines.ts"
import { makePipelineView } from "./PipelineView.ts"
import { View } from "./View.ts"

/** How long a wait lasts when the caller does not say, in milliseconds. */
const defaultWaitMs = 60_000

/** How long the caller wants to wait, in milliseconds. */
export const waitMsOf = ({ flags }: Call): number => (flags.timeout === undefined ? defaultWaitMs : flags.timeout * 1000)

/** What a wait is limited by: how long the caller wants to wait, in milliseconds, for which tasks. */
export interface TimeLimit {
  readonly ms: number
  readonly ids: ReadonlyArray<string>
  readonly call: Call
}

/** How much of the time is gone: a call that is sent again because its engine ended has waited before. */
const waitedMs = ({ caller }: Call, now: number): number =>
  caller.repeated === true ? Math.max(0, now - caller.requestedAt) : 0

/** Ends a wait: retryable, with the place in the history from which to go on. */
export const makeTimeLimit = Effect.gen(function* () {
  const store = yield* TaskStore
  return Effect.fnUntraced(function* <A>(waiting: Effect.Effect<A, Problem>, { ms, ids, call }: TimeLimit) {
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.timeoutOrElse(waiting, {
      duration: Math.max(0, ms - waitedMs(call, now)),
      orElse: () =>
        Effect.flatMap(Effect.mapError(store.lastSequence, toProblem("")), (cursor) =>
          Effect.fail(
            problem(
              "TaskWaitTimedOut",
              `not within ${ms} ms: ${ids.slice(0, 10).join(", ")}${ids.length > 10 ? ` and ${ids.length - 10} more` : ""}`,
              "Wait again, or go on and look at status later; the tasks go on.",
              { ids, timeoutMs: ms, cursor: String(cursor) }
            )
          )
        )
    })
  })
})

/** Waits until a task has come to an attempt, or ended before it, and gives it as it is when that was acted on; made once. */
export const makeUntilAttempt = Effect.gen(function* () {
  const until = yield* makeUntil
  const view = yield* View
  return Effect.fnUntraced(function* (id: string, attempt: number) {
    yield* Effect.mapError(until(id, ({ state }) => state.attempt >= attempt || isFinal(state.status)), toProblem(id))
    return yield* view.settled(id)
  })
})

/** Waits for the end of a task as the flags --wait and --timeout say, and shows it; made once. */
export const makeShowEnd = Effect.gen(function* () {
  const until = yield* makeUntil
  const view = yield* View
  const lastLines = yield* makeLastLines
  const limitTime = yield* makeTimeLimit
  return Effect.fnUntraced(function* (id: string, call: Call) {
    const ended = Effect.mapError(until(id, ({ state }) => isFinal(state.status)), toProblem(id))
    const task = yield* limitTime(ended, { ms: waitMsOf(call), ids: [id], call })
    return { task: yield* view.show(task), ...(yield* lastLines(task)) }
  })
})

/** Waits for the end of a pipeline as the flags --wait and --timeout say, and shows it; made once. */
export const makeShowPipelineEnd = Effect.gen(function* () {
  const { find } = yield* makePipelineView
  const untilEnded = yield* makeUntilEnded
  const showEnded = yield* makeShowEndedPipeline
  const limitTime = yield* makeTimeLimit
  return Effect.fnUntraced(function* (id: string, call: Call) {
    return yield* showEnded(yield* limitTime(Effect.mapError(untilEnded(id, find(id)), toProblem(id)), { ms: waitMsOf(call), ids: [id], call }))
  })
})
