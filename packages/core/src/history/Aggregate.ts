/** Aggregates: things with an id and a history of events, which only their own `decide` changes. */
import type * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Occasion } from "./Occasion.ts"

/** The columns by which a store finds and sorts aggregates. Instants are epoch milliseconds. */
export interface IndexColumns {
  readonly status: string
  readonly createdAt: number
  /** When the aggregate next has to act; null if it does not wait for a time. */
  readonly dueAt: number | null
  /** The owner, as `ownerKey` names it. */
  readonly owner: string | null
}

/**
 * One kind of aggregate. `Created` is the event that creates one; `Rejection` is the error of
 * `decide`.
 */
export interface Aggregate<
  Kind extends string,
  State extends { readonly id: string },
  Event extends { readonly type: string },
  Created extends Event,
  Command,
  Rejection
> {
  readonly kind: Kind
  readonly State: Schema.Codec<State, unknown>
  readonly index: (state: State) => IndexColumns
  readonly create: (id: string, event: Created, occasion: Occasion) => State
  readonly decide: (
    command: Command,
    state: State,
    at: number
  ) => Result.Result<ReadonlyArray<Event>, Rejection>
  readonly evolve: (state: State, event: Event, occasion: Occasion) => State
}

/** The part of an aggregate that a store uses. */
export type StoredAggregate<Kind extends string, State extends { readonly id: string }> = Pick<
  Aggregate<Kind, State, never, never, never, never>,
  "kind" | "State" | "index"
>
