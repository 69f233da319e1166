/** An open SQL database of any dialect, which the stores on it share. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { StoreError } from "../StoreError.ts"

/** A parameter of a statement. */
export type Value = string | number | null

/**
 * Runs a constant statement with `?` for its values, which is prepared once. Must run in a
 * transaction.
 */
export type Prepared = (
  statement: string,
  values: ReadonlyArray<Value>
) => Effect.Effect<ReadonlyArray<Row>, SqlError>

/** Makes the StoreError for something unreadable, such as "task t1: ...". */
export type Damaged = (what: string) => StoreError

/** The open database. */
export class SqlDatabase extends Context.Service<
  SqlDatabase,
  {
    readonly sql: SqlClient.SqlClient
    readonly prepared: Prepared
    /** The effect with each SqlError converted into a StoreError. */
    readonly withStoreErrors: <A>(
      effect: Effect.Effect<A, SqlError>
    ) => Effect.Effect<A, StoreError>
    readonly damaged: Damaged
  }
>()("@backbeat/store/sql/SqlDatabase") {}
