/**
 * The port that looks up which kind of aggregate an id belongs to. Implementations: sqlite/,
 * memory/.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import type { StoreError } from "./StoreError.ts"

/** The kinds of ids. */
export type IdKind = AggregateKind

/**
 * Knows the ids of everything in the stores, which record and remove them in their own
 * transactions. The engine asks it before it uses a new id. A database of an earlier version may
 * have a task and a pipeline with the same id: then the id is the task's until that is removed.
 */
export class IdStore extends Context.Service<
  IdStore,
  {
    /** The kind of an id; null if the id is free. Fails with StoreError. */
    readonly kindOf: (id: string) => Effect.Effect<IdKind | null, StoreError>
    /** The ids among these that belong to tasks. Fails with StoreError. */
    readonly tasksAmong: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, StoreError>
  }
>()("@backbeat/store/IdStore") {}
