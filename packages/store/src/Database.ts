/** The port to what all stores share: transactions, and the disk below them. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Runs transactions over all stores. All of it fails with StoreError only. */
export class Database extends Context.Service<
  Database,
  {
    /** Runs the effect in one durable transaction: all of it or nothing. Transactions do not overlap. Nested calls join the outer one; one that fails is taken back alone. */
    readonly transact: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | StoreError, R>
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
>()("@backbeat/store/Database") {}
