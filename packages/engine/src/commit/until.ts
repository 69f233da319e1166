/** Waits for a task or a pipeline to become something, woken by the commit that makes it so. */
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { Reports } from "./Reports.ts"
import { TaskMissing, Transitions } from "./Transitions.ts"
import { once } from "../wiring/once.ts"

/**
 * Waits until the predicate holds for a task, at once if it does already. Fails with TaskMissing, also when it is pruned before, and
 * with StoreError when what is waited for has happened and cannot be stored.
 */
export type Until = (
  id: string,
  holds: (task: Task) => boolean
) => Effect.Effect<Task, TaskMissing | StoreError>

/** Listens before it looks, so that nothing comes in between. */
const awaitOne = <A, E>(
  listen: (listener: (changed: A) => void) => () => void,
  {
    look,
    unstored
  }: { readonly look: Effect.Effect<A, E>; readonly unstored: Effect.Effect<never, StoreError> },
  holds: (now: A) => boolean
): Effect.Effect<A, E | StoreError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const came = Deferred.makeUnsafe<A>()
      const stop = listen((changed) => {
        if (holds(changed)) Deferred.doneUnsafe(came, Effect.succeed(changed))
      })
      return { came, stop }
    }),
    ({ came }) =>
      Effect.flatMap(look, (now) =>
        holds(now) ? Effect.succeed(now) : Effect.raceFirst(Deferred.await(came), unstored)
      ),
    ({ stop }) => Effect.sync(stop)
  )

/** What waiting for tasks needs, made once. */
export const makeWaitUntil = once(
  Effect.gen(function* () {
    const store = yield* TaskStore
    const { onTask } = yield* Transitions
    const { unstored } = yield* Reports
    const find = Effect.fnUntraced(function* (id: string) {
      return (yield* store.find(id)) ?? (yield* new TaskMissing({ id }))
    })
    const until: Until = (id, holds) =>
      awaitOne(
        (listener) => onTask(id, listener),
        { look: find(id), unstored: unstored([id]) },
        holds
      )
    return until
  })
)

/** Waits until a pipeline has ended; made once. */
export const makeUntilEnded = once(
  Effect.gen(function* () {
    const { onChange } = yield* Transitions
    const { unstored } = yield* Reports
    return <E>(
      id: string,
      look: Effect.Effect<Pipeline, E>
    ): Effect.Effect<Pipeline, E | StoreError> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const news = Latch.makeUnsafe()
          return { news, stop: onChange("pipeline", id, () => void news.openUnsafe()) }
        }),
        ({ news }) =>
          Effect.gen(function* () {
            for (;;) {
              news.closeUnsafe()
              const now = yield* look
              if (now.state.status !== "running") return now
              yield* Effect.raceFirst(news.await, unstored(null))
            }
          }),
        ({ stop }) => Effect.sync(stop)
      )
  })
)
