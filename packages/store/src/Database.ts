/** The port to what all stores share: their transactions. Implementations: sqlite/, memory/, and live/ over one of these. */
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
  }
>()("@backbeat/store/Database") {}
