/** Which queues are paused, kept at hand: every commit with something queued asks. */
import { type Pause, QueueStore } from "@backbeat/store/QueueStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The pauses. */
export class Pauses extends Context.Service<
  Pauses,
  {
    readonly all: Effect.Effect<ReadonlyMap<string, Pause>, StoreError>
    /** Runs what pauses or resumes queues, a whole transaction; until it is over the store is asked. */
    readonly changing: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("@backbeat/engine/Pauses") {}

/** The pauses that the store remembers. */
export const layerPauses = Layer.effect(
  Pauses,
  Effect.map(QueueStore, (store) => {
    let known: ReadonlyMap<string, Pause> | null = null
    let changes = 0
    /** Counts the beginnings and ends of changes: what is read across one of them may be out of date already. */
    let turns = 0
    const turn = (by: 1 | -1): void => {
      changes += by
      turns++
      known = null
    }
    return Pauses.of({
      all: Effect.suspend(() => {
        if (known !== null) return Effect.succeed(known)
        const begun = turns
        return Effect.map(store.paused, (paused) => {
          if (changes === 0 && turns === begun) known = paused
          return paused
        })
      }),
      changing: (effect) =>
        Effect.acquireUseRelease(
          Effect.sync(() => turn(1)),
          () => effect,
          () => Effect.sync(() => turn(-1))
        )
    })
  })
)
