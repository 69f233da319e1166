/** What a task was when its last attempt ended. The state of one that is to run again, or does, has forgotten it; its history has not. */
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import { lastEnded } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"

const pageEvents = 1000

const next = (task: Task | null, { subject, id, event, at, actor }: RecordedEvent): Task | null => {
  if (subject !== "task") return task
  if (event.type === "task.created") return created(id, event, at)
  if (task === null) return null
  // An attempt that was stopped to make way for another ended like any that is stopped.
  const { end } = event.type === "task.queued" ? event : {}
  return evolve(
    task,
    end === undefined ? event : { type: "task.cancelled", reason: null, failure: null, end },
    { at, actor }
  )
}

const hasEnded = ({ state }: Task): boolean => lastEnded(state) === state.attempt

/** Finds a task as it was when its last attempt ended; as it is when no attempt has. Made once; fails with StoreError. */
export const makeAsItEnded = Effect.map(TaskStore, (store) =>
  Effect.fnUntraced(function* (now: Task) {
    if (hasEnded(now) || lastEnded(now.state) === 0) return now
    let found = now
    let task: Task | null = null
    for (let since = 0; ;) {
      const page: ReadonlyArray<RecordedEvent> = yield* store.events({
        since,
        taskIds: [now.id],
        limit: pageEvents
      })
      for (const event of page) {
        task = next(task, event)
        if (task !== null && hasEnded(task)) found = task
        since = event.sequence
      }
      if (page.length < pageEvents) return found
    }
  })
)
