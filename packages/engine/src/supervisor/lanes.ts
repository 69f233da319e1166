/**
 * Runs acts in lanes: one after the other for one task, concurrently for different tasks. A slow
 * act (git, a port check) only delays its own task.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Queue from "effect/Queue"

interface Lane {
  readonly acts: Array<Effect.Effect<unknown>>
  readonly emptied: Deferred.Deferred<void>
}

/** Starts without lanes; they end with the scope. */
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

  // Lanes start in the order of their first acts, each in its own turn, so that the engine can
  // answer callers in between.
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
    /** Appends an act to a task's lane. */
    add: (id: string, act: Effect.Effect<unknown>): void => {
      const lane = lanes.get(id)
      if (lane !== undefined) return void lane.acts.push(act)
      lanes.set(id, { acts: [act], emptied: Deferred.makeUnsafe() })
      Queue.offerUnsafe(starting, id)
    },
    /**
     * Returns when the lanes of these tasks are empty, including acts that their acts have added.
     */
    empty: (ids: ReadonlyArray<string>): Effect.Effect<void> =>
      Effect.suspend(() => {
        const busy = ids.flatMap((id) => lanes.get(id)?.emptied ?? [])
        return Effect.forEach(busy, (emptied) => Deferred.await(emptied), { discard: true })
      })
  }
})
