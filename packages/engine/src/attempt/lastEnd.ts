/**
 * How the last attempt that ran has ended, for a task whose next attempt was cancelled before it
 * started. The state only knows that next attempt.
 */
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { makeWholeHistory } from "./wholeHistory.ts"

/** The end of an attempt; `failure` is null if it succeeded or was stopped. */
export interface LastEnd {
  readonly attempt: number
  readonly end: AttemptEnd
  readonly failure: Failure | null
}

const types = [
  "task.started",
  "task.queued",
  "task.retrying",
  "task.completed",
  "task.failed",
  "task.cancelled"
] as const

const after = (last: LastEnd | null, { event }: RecordedEvent, attempt: number): LastEnd | null =>
  "end" in event && event.end !== undefined && event.end !== null
    ? { attempt, end: event.end, failure: "failure" in event ? event.failure : null }
    : last

/**
 * Whether the attempt in the state was cancelled before it started, and an earlier one may have
 * run.
 */
const hidesAnother = ({ state }: Task): boolean =>
  (state.status === "cancelled" || state.status === "stopping") &&
  state.startedAt === null &&
  state.attempt > 1

/**
 * Builds a function that finds the end of the previous attempt in the history; null if the state
 * itself has the last end.
 */
export const makeLastEnd = Effect.map(makeWholeHistory, (historyOf) =>
  Effect.fnUntraced(function* (task: Task) {
    if (!hidesAnother(task)) return null
    let last: LastEnd | null = null
    let attempt = 0
    for (const recorded of yield* historyOf(task.id, types)) {
      if (recorded.event.type === "task.started") attempt = recorded.event.attempt
      last = after(last, recorded, attempt)
    }
    return last
  })
)
