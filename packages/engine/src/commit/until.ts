/**
 * Waits until a task or pipeline satisfies a condition. The commit that satisfies it wakes the
 * caller.
 */
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
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
 * Waits until the predicate is true for a task. Returns at once if it already is. Fails with
 * TaskMissing, also if the task is pruned meanwhile, and with StoreError if the awaited change has
 * happened but cannot be stored.
 */
export type Until = (
  id: string,
  condition: (task: Task) => boolean
) => Effect.Effect<Task, TaskMissing | StoreError>

/** Adds the listener before it reads the current state, so that no change is missed. */
const awaitOne = <A, E>(
  listen: (listener: (changed: A) => void) => () => void,
  {
    read,
    unstored
  }: { readonly read: Effect.Effect<A, E>; readonly unstored: Effect.Effect<never, StoreError> },
  condition: (now: A) => boolean
): Effect.Effect<A, E | StoreError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const satisfied = Deferred.makeUnsafe<A>()
      const stop = listen((changed) => {
        if (condition(changed)) Deferred.doneUnsafe(satisfied, Effect.succeed(changed))
      })
      return { satisfied, stop }
    }),
    ({ satisfied }) =>
      Effect.flatMap(read, (now) =>
        condition(now) ? Effect.succeed(now) : Effect.raceFirst(Deferred.await(satisfied), unstored)
      ),
    ({ stop }) => Effect.sync(stop)
  )

/** Builds `Until`. */
export const makeWaitUntil = once(
  Effect.gen(function* () {
    const store = yield* TaskStore
    const { onTask } = yield* Transitions
    const { unstored } = yield* Reports
    const find = Effect.fnUntraced(function* (id: string) {
      return (yield* store.find(id)) ?? (yield* new TaskMissing({ id }))
    })
    const until: Until = (id, condition) =>
      awaitOne(
        (listener) => onTask(id, listener),
        { read: find(id), unstored: unstored([id]) },
        condition
      )
    return until
  })
)

/** An awaited aggregate: how it is read, and the condition that it is to satisfy. */
export interface Awaited<State, E> {
  readonly kind: AggregateKind
  readonly id: string
  readonly read: Effect.Effect<State, E>
  readonly condition: (state: State) => boolean
}

/** Builds a function that waits until an aggregate that is no task satisfies a condition. */
export const makeUntilChanged = once(
  Effect.gen(function* () {
    const { onChange } = yield* Transitions
    const { unstored } = yield* Reports
    return <State, E>({
      kind,
      id,
      read,
      condition
    }: Awaited<State, E>): Effect.Effect<State, E | StoreError> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const changed = Latch.makeUnsafe()
          return { changed, stop: onChange(kind, id, () => void changed.openUnsafe()) }
        }),
        ({ changed }) =>
          Effect.gen(function* () {
            for (;;) {
              changed.closeUnsafe()
              const now = yield* read
              if (condition(now)) return now
              yield* Effect.raceFirst(changed.await, unstored(null))
            }
          }),
        ({ stop }) => Effect.sync(stop)
      )
  })
)

/** Builds a function that waits until a pipeline has ended. */
export const makeUntilEnded = once(
  Effect.map(
    makeUntilChanged,
    (until) =>
      <E>(id: string, read: Effect.Effect<Pipeline, E>): Effect.Effect<Pipeline, E | StoreError> =>
        until({ kind: "pipeline", id, read, condition: ({ state }) => state.status !== "running" })
  )
)
