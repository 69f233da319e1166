/**
 * The progress of this engine's stops: which processes each has ended, and which it cannot end. A
 * later engine observes it again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StuckProcess } from "../process/stuck.ts"
import type { Stopped } from "../process/stopTree.ts"

/** The stops by task id. */
export class Stops extends Context.Service<
  Stops,
  {
    /** A stop starts. Discards what is known of an earlier one. */
    readonly begin: (id: string) => void
    readonly markStuck: (id: string, stuck: ReadonlyArray<StuckProcess>) => void
    /** A stop has ended. */
    readonly finish: (id: string, stopped: Stopped) => void
    /**
     * The processes that the task's stop cannot end; empty if there are none or no stop is under
     * way.
     */
    readonly stuck: (id: string) => ReadonlyArray<StuckProcess>
    /** What the task's last stop has ended; null if this engine has stopped none of it. */
    readonly stopped: (id: string) => Stopped | null
    /**
     * Returns when the stop of one of these tasks finds processes that it cannot end; at once if it
     * already has.
     */
    readonly awaitStuck: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<{ readonly id: string; readonly left: ReadonlyArray<StuckProcess> }>
  }
>()("@backbeat/engine/Stops") {}

/** How many ended stops are remembered, for the answers of the calls that asked for them. */
const maxRemembered = 1000

const make = Effect.sync(() => {
  const stuckById = new Map<string, ReadonlyArray<StuckProcess>>()
  const stoppedById = new Map<string, Stopped>()
  const listeners = new Set<(id: string) => void>()
  const stuck = (id: string): ReadonlyArray<StuckProcess> => stuckById.get(id) ?? []
  return Stops.of({
    begin: (id) => {
      stuckById.delete(id)
      stoppedById.delete(id)
    },
    markStuck: (id, left) => {
      stuckById.set(id, left)
      for (const listener of listeners) listener(id)
    },
    finish: (id, stopped) => {
      stuckById.delete(id)
      stoppedById.set(id, stopped)
      const [oldest] = stoppedById.keys()
      if (stoppedById.size > maxRemembered && oldest !== undefined) stoppedById.delete(oldest)
    },
    stuck,
    stopped: (id) => stoppedById.get(id) ?? null,
    awaitStuck: (ids) =>
      Effect.callback((resume) => {
        const wanted = new Set(ids)
        const listener = (id: string): void => {
          if (!wanted.has(id) || stuck(id).length === 0) return
          listeners.delete(listener)
          resume(Effect.succeed({ id, left: stuck(id) }))
        }
        listeners.add(listener)
        for (const id of wanted) listener(id)
        return Effect.sync(() => listeners.delete(listener))
      })
  })
})

/** Starts with no stop. */
export const layerStops = Layer.effect(Stops, make)
