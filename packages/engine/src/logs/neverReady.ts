/** Whether a task that says how it is ready has completed without having been ready: no success for who waited for that. */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeTaskLines } from "./taskLines.ts"
import { makeWholeHistory } from "../attempt/wholeHistory.ts"
import { toProblem } from "../call/Call.ts"

/** Finds out of a task that was waited for; made once. Any other end than completion says enough by itself. */
export const makeNeverReady = Effect.gen(function* () {
  const historyOf = yield* makeWholeHistory
  const lines = yield* makeTaskLines

  /** A line that was printed counts, though the end came before somebody read it. */
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
