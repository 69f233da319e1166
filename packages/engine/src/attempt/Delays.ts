/**
 * Which queued tasks wait for a delay that has not passed, measured on the monotonic clock. A later
 * engine computes it again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The delays, in memory. */
export class Delays extends Context.Service<
  Delays,
  {
    readonly begin: (id: string) => void
    readonly end: (id: string) => void
    readonly isOver: (id: string) => boolean
    /** How many delays have not passed. */
    readonly count: () => number
  }
>()("@backbeat/engine/Delays") {}

/** Starts with no delay. */
export const layerDelays = Layer.effect(
  Delays,
  Effect.sync(() => {
    const delayed = new Set<string>()
    return Delays.of({
      begin: (id) => void delayed.add(id),
      end: (id) => void delayed.delete(id),
      isOver: (id) => !delayed.has(id),
      count: () => delayed.size
    })
  })
)
