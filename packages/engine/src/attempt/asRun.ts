/**
 * Shows tasks with the specification that their shown attempt ran with. A `start` of the same id
 * may already have changed it for the next attempt.
 */
import type { Task } from "@backbeat/core/task/Task"
import type { TaskState } from "@backbeat/core/task/TaskState"
import { History } from "@backbeat/store/History"
import * as Effect from "effect/Effect"

/**
 * The attempt that is shown although the next one may have another specification; null for any
 * other task.
 */
const shownBefore = (state: TaskState): number | null => {
  if (state.status !== "stopping" && state.status !== "cancelled") return null
  const shown = state.startedAt === null ? state.attempt - 1 : state.attempt
  return shown > 0 ? shown : null
}

const historyMax = 10_000

/**
 * Builds a function that returns tasks with the specification they ran with. Reads the history only
 * of tasks whose specification has changed.
 */
export const makeAsRun = Effect.gen(function* () {
  const history = yield* History

  const specOf = Effect.fnUntraced(function* (task: Task, shown: number) {
    const recorded = yield* history.events({
      since: 0,
      taskIds: [task.id],
      types: ["task.created", "task.changed", "task.started"],
      limit: historyMax
    })
    let { spec } = task
    for (const { event } of recorded) {
      if (event.type === "task.started" && event.attempt === shown) return spec
      if ("spec" in event) ({ spec } = event)
    }
    return task.spec
  })

  return Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
    const open = tasks.flatMap(({ id, state }) => (shownBefore(state) === null ? [] : [id]))
    if (open.length === 0) return tasks
    const changes = yield* history.events({
      since: 0,
      taskIds: open,
      types: ["task.changed"],
      limit: historyMax
    })
    const changed = new Set(changes.map(({ id }) => id))
    return yield* Effect.forEach(tasks, (task) => {
      const shown = changed.has(task.id) ? shownBefore(task.state) : null
      return shown === null
        ? Effect.succeed(task)
        : Effect.map(specOf(task, shown), (spec): Task => ({ ...task, spec }))
    })
  })
})
