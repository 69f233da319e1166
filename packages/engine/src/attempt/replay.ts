/**
 * Replays the history of a task. Its state has only the latest attempt, its history has all of
 * them.
 */
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { History } from "@backbeat/store/History"
import * as Effect from "effect/Effect"

const pageEvents = 1000

const next = (task: Task | null, { subject, id, event, at, actor }: RecordedEvent): Task | null => {
  if (subject !== "task") return task
  if (event.type === "task.created") return created(id, event, at)
  if (task === null) return null
  // An attempt that was stopped for a restart ended like any stopped attempt.
  const { end } = event.type === "task.queued" ? event : {}
  return evolve(
    task,
    end === undefined ? event : { type: "task.cancelled", reason: null, failure: null, end },
    { at, actor }
  )
}

/**
 * Builds a function that visits the task after each of its events, oldest first. Fails with
 * StoreError.
 */
export const makeReplay = Effect.map(History, (history) =>
  Effect.fnUntraced(function* (id: string, visit: (task: Task, type: TaskEvent["type"]) => void) {
    let task: Task | null = null
    for (let since = 0; ;) {
      const page: ReadonlyArray<RecordedEvent> = yield* history.events({
        since,
        taskIds: [id],
        limit: pageEvents
      })
      for (const recorded of page) {
        task = next(task, recorded)
        if (task !== null && recorded.subject === "task") visit(task, recorded.event.type)
        since = recorded.sequence
      }
      if (page.length < pageEvents) return
    }
  })
)
