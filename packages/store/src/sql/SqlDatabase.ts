/** A database that speaks SQL and is open: what the stores on it share, whatever the dialect. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { StoreError } from "../StoreError.ts"

/** What a statement takes. */
export type Value = string | number | null

/** Runs one of a few constant statements with `?` for its values, prepared once. Belongs into a transaction. */
export type Prepared = (
  statement: string,
  values: ReadonlyArray<Value>
) => Effect.Effect<ReadonlyArray<Row>, SqlError>

/** The StoreError for something that cannot be read, such as "task t1: ...". */
export type Damaged = (what: string) => StoreError

/** The open database. */
export class SqlDatabase extends Context.Service<
  SqlDatabase,
  {
    readonly sql: SqlClient.SqlClient
    readonly prepared: Prepared
    /** Turns each SqlError of the effect into the StoreError that it amounts to. */
    readonly explained: <A>(effect: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreError>
    readonly damaged: Damaged
  }
>()("@backbeat/store/sql/SqlDatabase") {}
