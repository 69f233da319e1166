/** Transactions over values in memory: each write adds a step that rolls it back. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Semaphore from "effect/Semaphore"

/** Runs transactions and reads one at a time, and rolls back failed transactions. */
export interface Journal {
  /**
   * Runs the effect as a transaction. A nested call joins the outer one; if it fails, it is rolled
   * back alone.
   */
  readonly transact: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs the effect between transactions, or inside the transaction of this fiber. */
  readonly inTurn: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Reads between transactions, or inside the transaction of this fiber. */
  readonly read: <A>(evaluate: () => A) => Effect.Effect<A>
  /** Whether this fiber is inside a transaction. */
  readonly isInside: Effect.Effect<boolean>
  /** Adds a step that rolls a write back. */
  readonly onRollback: (step: () => void) => void
  /**
   * Sets an entry of a map, or deletes it if the value is undefined. Rolled back with its
   * transaction.
   */
  readonly put: <Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined) => void
}

const put = <Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void => {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

/** The journal whose transaction this fiber is in. */
const Current = Context.Reference<object | null>("@backbeat/store/live/Current", {
  defaultValue: () => null
})

/** An empty journal. `turns` must have one permit. */
export const makeJournal = (turns: Semaphore.Semaphore): Journal => {
  const steps: Array<() => void> = []
  const rollBack = (mark: number): void => {
    for (const step of steps.splice(mark).toReversed()) step()
  }
  const savepoint = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const mark = steps.length
      return Effect.onExit(effect, (exit) =>
        Effect.sync(() => (Exit.isSuccess(exit) ? undefined : rollBack(mark)))
      )
    })
  const inTurn = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Current, (current) =>
      current === steps
        ? effect
        : turns.withPermit(
            Effect.ensuring(
              Effect.provideService(effect, Current, steps),
              Effect.sync(() => steps.splice(0))
            )
          )
    )
  return {
    transact: (effect) => inTurn(savepoint(effect)),
    inTurn,
    read: (evaluate) => inTurn(Effect.sync(evaluate)),
    isInside: Effect.map(Current, (current) => current === steps),
    onRollback: (step) => {
      steps.push(step)
    },
    put: (map, key, value) => {
      const before = map.get(key)
      steps.push(() => put(map, key, before))
      put(map, key, value)
    }
  }
}
