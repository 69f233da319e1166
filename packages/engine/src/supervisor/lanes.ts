/**
 * Acts in lanes: one after the other for one task, beside each other for several. An act that waits (a slow git, a port that is asked) keeps
 * only its own task waiting.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Queue from "effect/Queue"

interface Lane {
  readonly acts: Array<Effect.Effect<unknown>>
  readonly emptied: Deferred.Deferred<void>
}

/** No lanes yet; they end with the scope. */
export const makeLanes = Effect.gen(function* () {
  const lanes = new Map<string, Lane>()
  const starting = yield* Queue.unbounded<string>()
  const fibers = yield* FiberSet.make<void>()

  const drain = (id: string, { acts, emptied }: Lane): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (let act = acts.shift(); act !== undefined; act = acts.shift()) {
        yield* Effect.catchDefect(act, (defect) =>
          Effect.logError("acting on a commit failed", defect)
        )
      }
      lanes.delete(id)
      Deferred.doneUnsafe(emptied, Effect.void)
    })

  // Lanes begin in the order of their first acts, each in a turn of its own: between two the engine answers callers.
  const begin = Effect.gen(function* () {
    const id = yield* Queue.take(starting)
    const lane = lanes.get(id)
    if (lane !== undefined) {
      yield* FiberSet.run(fibers, drain(id, lane), { startImmediately: true })
    }
    yield* Effect.yieldNow
  })
  yield* Effect.forkScoped(Effect.forever(begin))

  return {
    /** Adds an act at the end of a task's lane. */
    add: (id: string, act: Effect.Effect<unknown>): void => {
      const lane = lanes.get(id)
      if (lane !== undefined) return void lane.acts.push(act)
      lanes.set(id, { acts: [act], emptied: Deferred.makeUnsafe() })
      Queue.offerUnsafe(starting, id)
    },
    /** Ends when the lanes of these tasks are empty: also of what their acts have added. */
    empty: (ids: ReadonlyArray<string>): Effect.Effect<void> =>
      Effect.suspend(() => {
        const busy = ids.flatMap((id) => lanes.get(id)?.emptied ?? [])
        return Effect.forEach(busy, (emptied) => Deferred.await(emptied), { discard: true })
      })
  }
})
