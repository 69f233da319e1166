/**
 * The port that stores all aggregates except tasks, which have their own store. Implementations:
 * sqlite/, memory/. The History port reads their events.
 */
import type { StoredAggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind, Recorded } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/history/Actor"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** The new state of an aggregate, with the events that led to it. `at` is epoch milliseconds. */
export interface AggregateChange<State, Event> {
  readonly state: State
  readonly events: ReadonlyArray<Event>
  readonly at: number
  readonly actor: Actor
}

/** A filter for a list of aggregates. All conditions must match. */
export interface AggregateFilter {
  readonly status?: ReadonlyArray<string> | undefined
  /** Created at or after this instant (epoch ms). */
  readonly since?: number | undefined
}

/**
 * A page, newest first. `total` is the number of matches, at most `countMax` + 1. `next` is the
 * cursor of the next page, if there is one.
 */
export interface AggregatePage<State> {
  readonly total: number
  readonly states: ReadonlyArray<State>
  readonly next: string | null
}

/** The due aggregates, and the ids of damaged ones with the reason. */
export interface DueAggregates<State> {
  readonly states: ReadonlyArray<State>
  readonly unreadable: ReadonlyArray<{ readonly id: string; readonly message: string }>
}

/** Stores aggregates, in the transactions of the Database port. Fails only with StoreError. */
export class AggregateStore extends Context.Service<
  AggregateStore,
  {
    /** The aggregate of this kind and id, or null. */
    readonly find: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: StoredAggregate<Kind, State>,
      id: string
    ) => Effect.Effect<State | null, StoreError>
    /**
     * Inserts or updates the state and appends the events to the history. Returns the recorded
     * events.
     */
    readonly record: <
      Kind extends AggregateKind,
      State extends { readonly id: string },
      Event extends { readonly type: string }
    >(
      aggregate: StoredAggregate<Kind, State>,
      change: AggregateChange<State, Event>
    ) => Effect.Effect<ReadonlyArray<Recorded<Kind, Event>>, StoreError>
    /**
     * Returns one page. An invalid cursor gives an empty page; an empty `status` matches nothing.
     */
    readonly list: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: StoredAggregate<Kind, State>,
      filter: AggregateFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<AggregatePage<State>, StoreError>
    /**
     * The aggregates that are due at `now` (epoch ms), the earliest due time first, at most `limit`.
     * A damaged one does not affect the others.
     */
    readonly due: <Kind extends AggregateKind, State extends { readonly id: string }>(
      aggregate: StoredAggregate<Kind, State>,
      now: number,
      limit: number
    ) => Effect.Effect<DueAggregates<State>, StoreError>
    /** Clears the due time of an aggregate and sets the status that lists find it by. Its state does not change. */
    readonly setAside: (
      kind: AggregateKind,
      id: string,
      status: string
    ) => Effect.Effect<void, StoreError>
    /** The earliest due time (epoch ms) of this kind after `now`, or null. */
    readonly nextDueAt: (
      kind: AggregateKind,
      now: number
    ) => Effect.Effect<number | null, StoreError>
    /** Removes aggregates of a kind with their events. */
    readonly remove: (
      kind: AggregateKind,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/AggregateStore") {}
