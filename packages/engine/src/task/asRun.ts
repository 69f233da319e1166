/** A task with what the attempt that it shows was started with: a start of the same id may have changed that for the next one. */
import type { Task } from "@backbeat/core/task/Task"
import type { TaskState } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"

/** The attempt that is shown although the next one may be to run another thing; null where none is. */
const shownBefore = (state: TaskState): number | null => {
  if (state.status !== "stopping" && state.status !== "cancelled") return null
  const shown = state.startedAt === null ? state.attempt - 1 : state.attempt
  return shown > 0 ? shown : null
}

/** Gives a task as it ran; made once. Reads the history only where what runs next may be another thing. */
export const makeAsRun = Effect.map(TaskStore, (store) =>
  Effect.fnUntraced(function* (task: Task) {
    const shown = shownBefore(task.state)
    if (shown === null) return task
    const history = yield* store.events({ since: 0, taskIds: [task.id], types: ["task.created", "task.changed", "task.started"], limit: 10_000 })
    let { spec } = task
    for (const { event } of history) {
      if (event.type === "task.started" && event.attempt === shown) return { ...task, spec }
      if ("spec" in event) ({ spec } = event)
    }
    return task
  })
)
