/** Waits for a task or a pipeline to become something, woken by the commit that makes it so. */
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
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

/** Listens before it looks, so that nothing comes in between. */
const awaitOne = <A, E>(
  listen: (listener: (changed: A) => void) => () => void,
  look: Effect.Effect<A, E>,
  holds: (now: A) => boolean
): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const came = Deferred.makeUnsafe<A>()
      const stop = listen((changed) => {
        if (holds(changed)) Deferred.doneUnsafe(came, Effect.succeed(changed))
      })
      return { came, stop }
    }),
    ({ came }) => Effect.flatMap(look, (now) => (holds(now) ? Effect.succeed(now) : Deferred.await(came))),
    ({ stop }) => Effect.sync(stop)
  )

/** What waiting for tasks needs, made once. */
export const makeUntil: Effect.Effect<Until, never, TaskStore | Transitions> = Effect.gen(function* () {
  const store = yield* TaskStore
  const { onTask } = yield* Transitions
  const find = Effect.fnUntraced(function* (id: string) {
    return (yield* store.find(id)) ?? (yield* new TaskMissing({ id }))
  })
  return (id, holds) => awaitOne((listener) => onTask(id, listener), find(id), holds)
})

/** Waits until a pipeline has ended; made once. */
export const makeUntilEnded = Effect.gen(function* () {
  const { onPipeline } = yield* Transitions
  return <E>(id: string, look: Effect.Effect<Pipeline, E>): Effect.Effect<Pipeline, E> =>
    awaitOne((listener) => onPipeline(id, listener), look, ({ state }) => state.status !== "running")
})
