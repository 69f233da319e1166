/** Fires due aggregates, on the same alarm as everything else. */
import type { Aggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import { engine, recovery } from "@backbeat/core/history/Actor"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Alarm } from "../alarm/Alarm.ts"
import { persistently } from "../alarm/persistently.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"

/** Fires some of what is due of one kind in a transaction. */
export type Fire = (tx: FullTx, store: AggregateStore["Service"]) => Effect.Effect<void, StoreError>

/** How a kind of aggregate is fired. It is loaded when one is due. */
export interface Firing {
  readonly fire: Fire
  /** Counts anew what is due: the clock was set, or this engine is the first to look. */
  readonly recount?: Effect.Effect<void, StoreError>
}

/** What to do with the due aggregates of one kind. */
export interface DueSource<R = never> {
  readonly kind: AggregateKind
  readonly load: Effect.Effect<Firing, never, R>
  /** Whether any of them needs a running engine, although no task is live and nothing is due. */
  readonly isBusy?: (store: AggregateStore["Service"]) => Effect.Effect<boolean, StoreError>
  /** Ends all live ones in a copy of their home. */
  readonly disown?: (
    tx: FullTx,
    store: AggregateStore["Service"],
    reason: string
  ) => Effect.Effect<void, StoreError>
}

/** How aggregates of a kind are treated by their statuses. */
export interface Care<Command> {
  /** The statuses that need a running engine. */
  readonly busy: ReadonlyArray<string>
  /** The statuses that are not final. */
  readonly live: ReadonlyArray<string>
  /** The command that ends one in a copy of its home. */
  readonly disown: (reason: string) => Command
}

/** How many are read at a time. */
const pageCount = 500

/** The care for aggregates of one kind, as fields of a source. */
export const careFor = <
  Kind extends AggregateKind,
  State extends { readonly id: string },
  Event extends { readonly type: string },
  Created extends Event,
  Command,
  Refusal
>(
  aggregate: Aggregate<Kind, State, Event, Created, Command, Refusal>,
  care: Care<Command>
): Required<Pick<DueSource, "isBusy" | "disown">> => ({
  isBusy: (store) =>
    Effect.map(
      store.list(aggregate, { status: care.busy }, { limit: 1 }),
      ({ total }) => total > 0
    ),
  disown: Effect.fnUntraced(function* (tx, store, reason) {
    for (let after: string | undefined; ;) {
      const page = yield* store.list(aggregate, { status: care.live }, { limit: pageCount, after })
      for (const state of page.states)
        yield* Effect.orDie(tx.of(aggregate).change(state, care.disown(reason), recovery))
      if (page.next === null) return
      after = page.next
    }
  })
})

/** The most aggregates that one transaction fires, so that the engine answers others in between. */
const dueAtOnce = 100

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
  load: Effect.succeed({
    fire: (tx, store) =>
      Effect.flatMap(store.due(aggregate, tx.now, dueAtOnce), ({ states }) =>
        Effect.forEach(
          states,
          (state) => Effect.orDie(tx.of(aggregate).change(state, command, engine)),
          { discard: true }
        )
      )
  })
})

/** The delay (ms) before a failed commit is retried. */
const storeRetryMs = 5000

/**
 * Sets the alarm to the earliest due time of each source, until the scope ends. Fires at once what
 * is already due.
 */
export const keepAggregatesDue = Effect.fnUntraced(function* <R>(
  sources: ReadonlyArray<DueSource<R>>
) {
  const alarm = yield* Alarm
  const store = yield* AggregateStore
  const transitions = yield* Transitions
  const context = yield* Effect.context<R>()
  const run = yield* FiberSet.makeRuntime()

  const makeKeeper = ({ kind, load }: DueSource<R>) => {
    const key = `due ${kind}s`
    let firing: Firing | null = null
    const loaded = Effect.suspend(() =>
      firing === null
        ? Effect.tap(Effect.provideContext(load, context), (made) =>
            Effect.sync(() => void (firing = made))
          )
        : Effect.succeed(firing)
    )
    /** Gives way to other commits between two transactions. */
    const fireAll: Effect.Effect<void, StoreError> = Effect.gen(function* () {
      const { fire } = yield* loaded
      for (let last: number | null = null; ;) {
        const now = yield* Clock.currentTimeMillis
        const next = yield* store.nextDueAt(kind, Number.MIN_SAFE_INTEGER)
        if (next === null || next > now) return
        // What a transaction leaves due in the same millisecond is not asked for without end.
        if (last !== null && now === last) yield* Effect.sleep(1)
        last = now
        yield* transitions.commit((tx) => fire(tx, store))
        yield* Effect.yieldNow
      }
    })
    const orLater =
      (again: () => Effect.Effect<void>) =>
      (work: Effect.Effect<void, StoreError>): Effect.Effect<void> =>
        Effect.catch(work, (error) =>
          Effect.andThen(
            Effect.logError(`what is due of ${kind}s could not be stored: ${error.message}`),
            alarm.after(key, storeRetryMs, Effect.suspend(again))
          )
        )
    const advance: Effect.Effect<void> = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const next = yield* store.nextDueAt(kind, Number.MIN_SAFE_INTEGER)
      if (next !== null && next <= now) yield* fireAll
      const at = yield* store.nextDueAt(kind, Number.MIN_SAFE_INTEGER)
      yield* at === null ? alarm.clear(key) : alarm.at(key, at, advance)
    }).pipe(orLater(() => advance))
    const recount: Effect.Effect<void> = Effect.gen(function* () {
      if ((yield* store.nextDueAt(kind, Number.MIN_SAFE_INTEGER)) === null) return
      const { recount: count } = yield* loaded
      if (count !== undefined) yield* count
      yield* advance
    }).pipe(orLater(() => recount))
    return { advance, recount }
  }

  const keepers = new Map(sources.map((source) => [source.kind, makeKeeper(source)]))
  const each = (work: (keeper: ReturnType<typeof makeKeeper>) => Effect.Effect<void>) => {
    for (const [kind, keeper] of keepers) run(persistently(`what is due of ${kind}s`, work(keeper)))
  }
  transitions.onCommit((_, changed) => {
    for (const kind of new Set(changed.map((one) => one.kind))) {
      const keeper = keepers.get(kind)
      if (keeper !== undefined) run(persistently(`what is due of ${kind}s`, keeper.advance))
    }
  })
  yield* alarm.onClockSet(() => each(({ recount }) => recount))
  yield* Effect.forEach(keepers.values(), ({ advance }) => advance, { discard: true })
  each(({ recount }) => recount)
})
