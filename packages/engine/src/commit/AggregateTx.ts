/**
 * The changes that one transaction makes to aggregates other than tasks. Each is decided, applied
 * and recorded.
 */
import type { Aggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/history/Actor"
import type { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"

/** What a transaction can do with aggregates of one kind. */
export interface Changes<State, Created, Command, Refusal> {
  /** Creates an aggregate. */
  readonly create: (id: string, event: Created, actor: Actor) => Effect.Effect<State, StoreError>
  /** Runs a command. Fails with what `decide` rejects it with. */
  readonly change: (
    state: State,
    command: Command,
    actor: Actor
  ) => Effect.Effect<State, Refusal | StoreError>
}

/** An aggregate that a transaction has created or changed. */
export interface ChangedAggregate {
  readonly kind: AggregateKind
  readonly id: string
}

/** What a transaction can do with every aggregate except tasks. */
export interface AggregateTx {
  readonly of: <
    Kind extends AggregateKind,
    State extends { readonly id: string },
    Event extends { readonly type: string },
    Created extends Event,
    Command,
    Refusal
  >(
    aggregate: Aggregate<Kind, State, Event, Created, Command, Refusal>
  ) => Changes<State, Created, Command, Refusal>
  /** The aggregates that were created or changed so far, in order. */
  readonly changed: ReadonlyArray<ChangedAggregate>
}

/**
 * Begins the changes of a transaction at an instant (epoch ms). Appends each changed aggregate to
 * `changed`.
 */
export const beginAggregateTx = (
  store: AggregateStore["Service"],
  now: number,
  changed: Array<ChangedAggregate>
): AggregateTx => ({
  changed,
  of: (aggregate) => {
    const { kind, create, decide, evolve } = aggregate
    const at = now
    return {
      create: Effect.fnUntraced(function* (id, event, actor) {
        const state = create(id, event, { at, actor })
        yield* store.record(aggregate, { state, events: [event], at, actor })
        changed.push({ kind, id })
        return state
      }),
      change: Effect.fnUntraced(function* (before, command, actor) {
        const events = yield* Effect.fromResult(decide(command, before, at))
        if (events.length === 0) return before
        const state = events.reduce((each, event) => evolve(each, event, { at, actor }), before)
        yield* store.record(aggregate, { state, events, at, actor })
        changed.push({ kind, id: state.id })
        return state
      })
    }
  }
})
