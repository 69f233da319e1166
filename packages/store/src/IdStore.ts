/** The port through which the engine learns what an id stands for. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import type { StoreError } from "./StoreError.ts"

/** What an id can stand for. */
export type IdKind = AggregateKind

/**
 * Knows the ids of everything that is stored: the other stores note and forget them in their own transactions. The engine looks here
 * before it gives an id to something new. A database that was made before may hold a task and a pipeline of one id: there the task counts
 * until it is removed.
 */
export class IdStore extends Context.Service<
  IdStore,
  {
    /** What an id stands for; null when it is free. Fails with StoreError. */
    readonly kindOf: (id: string) => Effect.Effect<IdKind | null, StoreError>
    /** Those of the ids that stand for tasks. Fails with StoreError. */
    readonly tasksAmong: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, StoreError>
  }
>()("@backbeat/store/IdStore") {}
