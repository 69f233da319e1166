/**
 * Reports tasks that stay cancelled although the task because of which they were cancelled runs
 * again.
 */
import { written } from "../call/written.ts"
import { callOf, type Hint, sentence } from "@backbeat/contract/Text"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { maxListedIds } from "../view/View.ts"

/** How many cancelled tasks are checked, newest first. */
const maxChecked = 500

/** The tasks that were cancelled because of a task, directly or through others. */
const cancelledBy = (id: string, cancelled: ReadonlyArray<Task>): ReadonlyArray<string> => {
  const found = new Set([id])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { id: each, state } of cancelled) {
      const failure = state.status === "cancelled" ? state.failure : null
      if (failure?.type !== "DependencyFailed") continue
      if (found.has(failure.taskId) || found.has(failure.through ?? failure.taskId)) found.add(each)
    }
  }
  return [...found].filter((each) => each !== id)
}

const sentences = (id: string, ids: ReadonlyArray<string>): Hint => {
  const [only = "", ...others] = ids
  if (others.length === 0)
    return [
      `${only} was cancelled because of ${id} and stays cancelled.`,
      sentence`To run it too: ${callOf("restart", { id: only })}`
    ]
  const summary = `${ids.length} tasks were cancelled because of ${id} and stay cancelled.`
  return ids.length > maxListedIds
    ? `${summary} To run them too, restart them, beginning with ${only}; the failure of each names ${id}.`
    : [summary, sentence`To run them too: ${callOf("restart", ids)}`]
}

/**
 * Builds the warning about tasks that a restart does not run again. There is none if the restarted
 * task has failed again, because it would cancel them again.
 */
export const makeStayCancelled = Effect.gen(function* () {
  const store = yield* TaskStore
  return Effect.fnUntraced(function* (id: string) {
    const task = yield* store.find(id)
    if (task === null || task.state.status === "failed" || task.state.status === "cancelled")
      return {}
    const { tasks } = yield* store.list(
      { status: ["cancelled"], since: task.createdAt },
      { limit: maxChecked }
    )
    const ids = cancelledBy(id, tasks.toReversed())
    return ids.length === 0 ? {} : { warnings: [yield* written(sentences(id, ids))] }
  }, Effect.mapError(toProblem))
})
