/** Fires due aggregates, on the same alarm as everything else. */
import type { Aggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import { engine } from "@backbeat/core/task/Actor"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Alarm } from "../alarm/Alarm.ts"
import { persistently } from "../alarm/persistently.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"

/** What to do with the due aggregates of one kind. */
export interface DueSource {
  readonly kind: AggregateKind
  readonly fire: (tx: FullTx, store: AggregateStore["Service"]) => Effect.Effect<void, StoreError>
}

/** A source that runs one command on each due aggregate. A rejected command is a defect. */
export const commandWhenDue = <
  Kind extends AggregateKind,
  State extends { readonly id: string },
  Event extends { readonly type: string },
  Created extends Event,
  Command,
  Refusal
>(
  aggregate: Aggregate<Kind, State, Event, Created, Command, Refusal>,
  command: Command
): DueSource => ({
  kind: aggregate.kind,
  fire: (tx, store) =>
    Effect.flatMap(store.due(aggregate, tx.now), (states) =>
      Effect.forEach(
        states,
        (state) => Effect.orDie(tx.of(aggregate).change(state, command, engine)),
        { discard: true }
      )
    )
})

/** The delay (ms) before a failed commit is retried. */
const storeRetryMs = 5000

/**
 * Sets the alarm to the earliest due time of each source, until the scope ends. Fires at once what
 * is already due.
 */
export const keepAggregatesDue = Effect.fnUntraced(function* (sources: ReadonlyArray<DueSource>) {
  const alarm = yield* Alarm
  const store = yield* AggregateStore
  const transitions = yield* Transitions
  const run = yield* FiberSet.makeRuntime()

  const makeAdvance = ({ kind, fire }: DueSource): Effect.Effect<void> => {
    const key = `due ${kind}s`
    const advance: Effect.Effect<void> = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const next = yield* store.nextDueAt(kind, 0)
      if (next !== null && next <= now) yield* transitions.commit((tx) => fire(tx, store))
      const at = yield* store.nextDueAt(kind, now)
      yield* at === null ? alarm.clear(key) : alarm.at(key, at, advance)
    }).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logError(`what is due of ${kind}s could not be stored: ${error.message}`),
          alarm.after(key, storeRetryMs, advance)
        )
      )
    )
    return advance
  }

  const advances = new Map(sources.map((source) => [source.kind, makeAdvance(source)]))
  transitions.onCommit((_, changed) => {
    for (const kind of new Set(changed.map((each) => each.kind))) {
      const advance = advances.get(kind)
      if (advance !== undefined) run(persistently(`what is due of ${kind}s`, advance))
    }
  })
  yield* Effect.forEach(advances.values(), (advance) => advance, { discard: true })
})
