/**
 * The port through which the engine remembers every aggregate but tasks, which have a store of their own. Implementations: sqlite/,
 * memory/. The history is read through the TaskStore.
 */
import type { Stored } from "@backbeat/core/history/Aggregate"
import type { AggregateKind, Recorded } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/task/Actor"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** One aggregate's new state together with the events that led to it. `at` is epoch milliseconds. */
export interface AggregateChange<State, Event> {
  readonly state: State
  readonly events: ReadonlyArray<Event>
  readonly at: number
  readonly actor: Actor
}

/** Which aggregates of a kind a list is of. Filters are and-ed. */
export interface AggregateFilter {
  readonly status?: ReadonlyArray<string> | undefined
  /** Created at or after this instant (epoch ms). */
  readonly since?: number | undefined
}

/** A page, newest first; `total` counts what the filter matches, up to `countMax` and one; `next` is the cursor of the page after, if any. */
export interface AggregatePage<State> {
  readonly total: number
  readonly states: ReadonlyArray<State>
  readonly next: string | null
}

/** Remembers aggregates, in the transactions of the TaskStore beside it. All of it fails with StoreError only. */
export class AggregateStore extends Context.Service<
  AggregateStore,
  {
    /** The aggregate of this kind and id, or null. */
    readonly find: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: Stored<Kind, State>,
      id: string
    ) => Effect.Effect<State | null, StoreError>
    /** Writes the state (inserting a new one) and appends the events to the one history; answers with them as recorded. */
    readonly record: <
      Kind extends AggregateKind,
      State extends { readonly id: string },
      Event extends { readonly type: string }
    >(
      aggregate: Stored<Kind, State>,
      change: AggregateChange<State, Event>
    ) => Effect.Effect<ReadonlyArray<Recorded<Kind, Event>>, StoreError>
    /** One page. A cursor that no page gave is the end of the list; an empty `status` matches nothing. */
    readonly list: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: Stored<Kind, State>,
      filter: AggregateFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<AggregatePage<State>, StoreError>
    /** Those of which something is due at `now` (epoch ms), the longest due first. */
    readonly due: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: Stored<Kind, State>,
      now: number
    ) => Effect.Effect<ReadonlyArray<State>, StoreError>
    /** The earliest instant (epoch ms) after `now` at which something of this kind is due, or null. */
    readonly nextDueAt: (
      kind: AggregateKind,
      now: number
    ) => Effect.Effect<number | null, StoreError>
    /** Forgets aggregates of a kind with their events. */
    readonly remove: (
      kind: AggregateKind,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/AggregateStore") {}
