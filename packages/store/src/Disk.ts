/** The port to what only a store in files has: forcing it to the disk, the room on the disk, its integrity. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Cares for the disk below a store. All of it fails with StoreError only. */
export class Disk extends Context.Service<
  Disk,
  {
    /** Ends when every transaction before is on the disk, so that a power failure does not take it back either. */
    readonly flushed: Effect.Effect<void, StoreError>
    /** Does what is best done while nobody waits. */
    readonly tidy: Effect.Effect<void, StoreError>
    /**
     * Gives up what is kept of the disk for a time when it is full: what must not wait and could not be stored can be tried again.
     * `tries` is how often that was in vain.
     */
    readonly makeRoom: (tries: number) => Effect.Effect<void>
    /** Whether the store is intact, in one sentence. */
    readonly check: Effect.Effect<{ readonly ok: boolean; readonly message: string }, StoreError>
  }
>()("@backbeat/store/Disk") {}
