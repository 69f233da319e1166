/** Waits for a task to become something, woken by the commit that makes it so. */
import type { Task } from "@backbeat/core/task/Task"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { TaskMissing, Transitions } from "./Transitions.ts"

/** Waits until the predicate holds for a task, at once if it does already. Fails with TaskMissing, also when it is pruned before. */
export type Until = (
  id: string,
  holds: (task: Task) => boolean
) => Effect.Effect<Task, TaskMissing | StoreError>

/** What waiting needs, made once. */
export const makeUntil: Effect.Effect<Until, never, TaskStore | Transitions> = Effect.gen(function* () {
  const store = yield* TaskStore
  const transitions = yield* Transitions
  return (id, holds) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const came = Deferred.makeUnsafe<Task>()
        const stop = transitions.onTask(id, (task) => {
          if (holds(task)) Deferred.doneUnsafe(came, Effect.succeed(task))
        })
        return { came, stop }
      }),
      ({ came }) =>
        Effect.gen(function* () {
          const task = yield* store.find(id)
          if (task === null) return yield* new TaskMissing({ id })
          return holds(task) ? task : yield* Deferred.await(came)
        }),
      ({ stop }) => Effect.sync(stop)
    )
})
