/**
 * Whether a task with a readiness probe has completed without having been ready. For a caller that
 * waited for readiness this is not a success.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeTaskLines } from "./taskLines.ts"
import { makeWholeHistory } from "../attempt/wholeHistory.ts"
import { toProblem } from "../call/Call.ts"

/**
 * Builds the check for a task that was waited for. Any other end than completion says enough by
 * itself.
 */
export const makeNeverReady = Effect.gen(function* () {
  const historyOf = yield* makeWholeHistory
  const lines = yield* makeTaskLines

  /** A matching line counts, even if the task ended before it was read. */
  const wasPrinted = ({ id, spec, state: { attempt } }: Task) => {
    const { readyWhen } = spec
    if (readyWhen === null || !("log" in readyWhen)) return Effect.succeed(false)
    const first = Stream.take(lines({ id, attempt, grep: readyWhen.log, single: true }), 1)
    return Effect.match(Stream.runCollect(first), {
      onFailure: () => false,
      onSuccess: (found) => found.length > 0
    })
  }

  const wasSeen = ({ id, state: { attempt } }: Task) =>
    Effect.map(historyOf(id, ["task.started", "task.ready"]), (history) => {
      const startedAt = history.findLastIndex(
        ({ event }) => event.type === "task.started" && event.attempt === attempt
      )
      return history.slice(startedAt + 1).some(({ event }) => event.type === "task.ready")
    })

  return (task: Task) =>
    Effect.gen(function* () {
      if (task.spec.readyWhen === null || task.state.status !== "completed") return {}
      return (yield* wasSeen(task)) || (yield* wasPrinted(task)) ? {} : { neverReady: true }
    }).pipe(Effect.mapError(toProblem))
})
