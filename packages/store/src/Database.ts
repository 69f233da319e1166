/**
 * The port for transactions, which all stores share. Implementations: sqlite/, memory/, and live/
 * over one of these.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Runs transactions over all stores. Fails only with StoreError. */
export class Database extends Context.Service<
  Database,
  {
    /**
     * Runs the effect in one transaction, which is committed completely or not at all. Transactions
     * do not overlap. A nested call joins the outer transaction; if it fails, it is rolled back
     * alone.
     */
    readonly transact: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | StoreError, R>
  }
>()("@backbeat/store/Database") {}
