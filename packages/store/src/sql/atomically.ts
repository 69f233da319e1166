/** Runs several statements as one write. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** Joins the current transaction, or starts one. */
export const atomically = <A>(
  sql: SqlClient,
  effect: Effect.Effect<A, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (outer) =>
    outer._tag === "Some" ? effect : sql.withTransaction(effect)
  )
