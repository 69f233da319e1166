/** Which queues are paused. Cached, because every commit with a queued task needs it. */
import { type Pause, QueueStore } from "@backbeat/store/QueueStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The pauses by queue. */
export class Pauses extends Context.Service<
  Pauses,
  {
    readonly all: Effect.Effect<ReadonlyMap<string, Pause>, StoreError>
    /** Runs a transaction that pauses or resumes queues. Until it ends, `all` reads the store. */
    readonly changing: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("@backbeat/engine/Pauses") {}

/** The pauses in the store. */
export const layerPauses = Layer.effect(
  Pauses,
  Effect.map(QueueStore, (store) => {
    let cached: ReadonlyMap<string, Pause> | null = null
    let changes = 0
    /**
     * Counts the starts and ends of changes. What is read across one of them may be out of date,
     * and is not cached.
     */
    let versions = 0
    const changeVersion = (by: 1 | -1): void => {
      changes += by
      versions++
      cached = null
    }
    return Pauses.of({
      all: Effect.suspend(() => {
        if (cached !== null) return Effect.succeed(cached)
        const versionBefore = versions
        return Effect.map(store.paused, (paused) => {
          if (changes === 0 && versions === versionBefore) cached = paused
          return paused
        })
      }),
      changing: (effect) =>
        Effect.acquireUseRelease(
          Effect.sync(() => changeVersion(1)),
          () => effect,
          () => Effect.sync(() => changeVersion(-1))
        )
    })
  })
)
