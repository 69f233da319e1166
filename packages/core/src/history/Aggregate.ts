/** What an aggregate is: a thing with an id that only its own `decide` changes, and whose past is a list of events. */
import type * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Occasion } from "./Occasion.ts"

/** The columns by which a store finds and orders aggregates of one kind. Instants are epoch milliseconds. */
export interface Indexed {
  readonly status: string
  readonly createdAt: number
  /** When something of it is due by itself; null when nothing is. */
  readonly dueAt: number | null
  /** The session, or what stands for it, that owns it. */
  readonly owner: string | null
}

/** One kind of aggregate. `Created` is the event that makes one; `Refusal` is what `decide` fails with. */
export interface Aggregate<
  Kind extends string,
  State extends { readonly id: string },
  Event extends { readonly type: string },
  Created extends Event,
  Command,
  Refusal
> {
  readonly kind: Kind
  readonly State: Schema.Codec<State, unknown>
  readonly index: (state: State) => Indexed
  readonly create: (id: string, event: Created, occasion: Occasion) => State
  readonly decide: (
    command: Command,
    state: State,
    at: number
  ) => Result.Result<ReadonlyArray<Event>, Refusal>
  readonly evolve: (state: State, event: Event, occasion: Occasion) => State
}

/** What a store needs to know of a kind of aggregate. */
export type Stored<Kind extends string, State extends { readonly id: string }> = Pick<
  Aggregate<Kind, State, never, never, never, never>,
  "kind" | "State" | "index"
>
