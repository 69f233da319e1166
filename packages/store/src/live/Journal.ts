/** Transactions over plain values: each write says how it is taken back. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Semaphore from "effect/Semaphore"

/** Runs transactions and reads by turns, and takes back what a failed one wrote. */
export interface Journal {
  /** Runs the effect whole or not at all; nested calls join the outer one, and are taken back alone when they fail. */
  readonly transact: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs the effect between transactions, or inside the own one. */
  readonly inTurn: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Reads in turn. */
  readonly read: <A>(evaluate: () => A) => Effect.Effect<A>
  /** Whether the fiber is in a turn of its own. */
  readonly isInside: Effect.Effect<boolean>
  /** Notes how a write is taken back. */
  readonly undo: (step: () => void) => void
  /** Sets an entry of a map, or deletes it when the value is undefined. */
  readonly put: <Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined) => void
}

const put = <Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void => {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

/** The journal whose transaction the fiber is in. */
const Current = Context.Reference<object | null>("@backbeat/store/live/Current", {
  defaultValue: () => null
})

/** An empty journal; `turns` has one permit. */
export const makeJournal = (turns: Semaphore.Semaphore): Journal => {
  const steps: Array<() => void> = []
  const takeBack = (mark: number): void => {
    for (const step of steps.splice(mark).toReversed()) step()
  }
  const savepoint = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const mark = steps.length
      return Effect.onExit(effect, (exit) =>
        Effect.sync(() => (Exit.isSuccess(exit) ? undefined : takeBack(mark)))
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
    undo: (step) => {
      steps.push(step)
    },
    put: (map, key, value) => {
      const before = map.get(key)
      steps.push(() => put(map, key, before))
      put(map, key, value)
    }
  }
}
