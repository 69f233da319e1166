/**
 * The port for the disk below a store in files: flushes, free space and integrity. Implementations:
 * sqlite/, memory/.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Maintains the disk below a store. Fails only with StoreError. */
export class Disk extends Context.Service<
  Disk,
  {
    /**
     * Completes when every earlier transaction is on the disk, so that it survives a power failure.
     */
    readonly flushed: Effect.Effect<void, StoreError>
    /** Does maintenance for idle times: checkpoints the write-ahead log and refills the reserve. */
    readonly maintain: Effect.Effect<void, StoreError>
    /**
     * Frees disk space when the disk is full, so that an important write can be retried. `tries` is
     * the number of failed tries so far.
     */
    readonly freeSpace: (tries: number) => Effect.Effect<void>
    /** Whether the store is intact, with a sentence for people. */
    readonly check: Effect.Effect<{ readonly ok: boolean; readonly message: string }, StoreError>
  }
>()("@backbeat/store/Disk") {}
