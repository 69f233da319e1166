/** Which queued tasks wait for a length of time that is not over yet, whatever the wall clock says. A later engine finds out again. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Remembers delays in memory. */
export class Delays extends Context.Service<
  Delays,
  {
    readonly begin: (id: string) => void
    readonly end: (id: string) => void
    readonly isOver: (id: string) => boolean
    /** How many have begun and are not over. */
    readonly count: () => number
  }
>()("@backbeat/engine/Delays") {}

/** Knows of none yet. */
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
