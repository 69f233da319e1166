/** A backbeat database that was checked and brought up to date. The stores are built on it and share its transactions. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { isSqlError } from "effect/sql/SqlError"
import type { StoreError } from "../StoreError.ts"
import { damaged, explain, explainOpening, lost, needsRecovery, newer } from "./explain.ts"
import { makeFlusher } from "./flush.ts"
import { migrations, newest } from "../sql/migrations/migrations.ts"
import { makeReserve, type Reserve } from "./reserve.ts"
import { SqlDatabase } from "../sql/SqlDatabase.ts"
import { openSqlite, peekSqlite, type SqliteConnection } from "./SqliteClient.ts"

const table = "migrations"

/** What only a database in a file has: its path, its transactions, and the disk below them. */
export class SqliteDatabase extends Context.Service<
  SqliteDatabase,
  {
    readonly path: string
    /** Runs the effect in a transaction; a nested one is taken back alone when it fails, and committed with the outer one. */
    readonly transact: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | StoreError, R>
    /** Ends when every commit made before is on the disk. */
    readonly flushed: Effect.Effect<void, StoreError>
    readonly reserve: Reserve
  }
>()("@backbeat/store/sqlite/SqliteDatabase") {}

/** Which database, and whether it is still for this program to write: asked in each transaction. Always, when absent. */
export interface DatabaseOptions {
  readonly path: string
  readonly isOurs?: () => boolean
}

/** Opens the database at `path` and migrates it. Fails with StoreError; a damaged or newer file is left as it is. */
export const layerDatabase = (
  options: DatabaseOptions
): Layer.Layer<SqliteDatabase | SqlDatabase, StoreError> =>
  Layer.effectContext(open(options)).pipe(Layer.provide(Reactivity.layer))

const open = ({ path, isOurs = () => true }: DatabaseOptions) =>
  Effect.gen(function* () {
    const unlessLost = Effect.suspend(() => (isOurs() ? Effect.void : Effect.fail(lost(path))))
    const version = yield* inspect(path).pipe(
      Effect.catchIf(isInterrupted, () =>
        Effect.andThen(Effect.scoped(openSqlite(path)), inspect(path))
      )
    )
    const { sql, prepared, writtenCount } = yield* openSqlite(path)
    yield* unlessLost
    if (version < newest) yield* migrate(sql)
    // Closing takes the log away: whoever still waits for a commit to be kept waits for this flush.
    const flusher = yield* Effect.acquireRelease(
      Effect.sync(() => makeFlusher(path)),
      ({ flushed }) => Effect.ignore(flushed)
    )
    const transact = makeTransact({ sql, writtenCount }, flusher.committed)
    const reserve = makeReserve(path)
    yield* Effect.forkScoped(reserve.keep)
    const spoken = SqlDatabase.of({
      sql,
      prepared,
      explained: Effect.mapError((error) => explain(path, error)),
      damaged: (what) => damaged(path, what)
    })
    const opened = SqliteDatabase.of({
      path,
      transact: (effect) =>
        Effect.mapError(transact(Effect.andThen(unlessLost, effect)), (error) =>
          isSqlError(error) ? explain(path, error) : error
        ),
      flushed: flusher.flushed,
      reserve
    })
    return Context.add(Context.make(SqlDatabase, spoken), SqliteDatabase, opened)
  }).pipe(
    Effect.catchIf(isSqlError, (error) => Effect.flatMap(explainOpening(path, error), Effect.fail))
  )

/** Runs transactions, and calls back after each that has written: what only read has nothing to flush. */
const makeTransact = (
  { sql, writtenCount }: Pick<SqliteConnection, "sql" | "writtenCount">,
  committed: () => void
) => {
  let known = 0
  const outermost = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.map(
      sql.withTransaction(
        Effect.gen(function* () {
          const answer = yield* effect
          // Rows that were taken back count too. So one flush too many follows them, never one too few.
          const written = yield* writtenCount
          const hasWritten = written !== known
          known = written
          return { answer, hasWritten }
        })
      ),
      ({ answer, hasWritten }) => {
        if (hasWritten) committed()
        return answer
      }
    )
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (outer) =>
      outer._tag === "Some" ? sql.withTransaction(effect) : outermost(effect)
    )
}

/** The number of the newest migration of the file; 0 for a new or empty one. */
const inspect = (path: string): Effect.Effect<number, SqlError | StoreError> => {
  if (Bun.file(path).size === 0) {
    // SQLite would throw the WAL away.
    return Bun.file(`${path}-wal`).size === 0
      ? Effect.succeed(0)
      : Effect.fail(damaged(path, `it is empty, but ${path}-wal is not`))
  }
  return Effect.flatMap(peekSqlite(path, look), ({ tables, version }) => {
    if (tables > 0 && version === null)
      return Effect.fail(damaged(path, "it contains tables that are not backbeat's"))
    return (version ?? 0) > newest
      ? Effect.fail(newer(path, version ?? 0, newest))
      : Effect.succeed(version ?? 0)
  })
}

const isInterrupted = (error: SqlError | StoreError): boolean =>
  isSqlError(error) && needsRecovery(error)

const look = (values: (sql: string) => ReadonlyArray<ReadonlyArray<unknown>>) => {
  const names = values("SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => name)
  const [row] = names.includes(table)
    ? values(`SELECT coalesce(max(migration_id), 0) FROM ${table}`)
    : []
  return { tables: names.length, version: row === undefined ? null : Number(row[0]) }
}

/** Takes the database to the newest migration. */
const migrate = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Migrator.make({})({ loader: Migrator.fromRecord(migrations), table }).pipe(
    Effect.asVoid,
    Effect.provideService(SqlClient.SqlClient, sql),
    // What else the migrator can report is a mistake in the migrations themselves.
    Effect.catchTag("MigrationError", (error) =>
      isSqlError(error.cause) ? Effect.fail(error.cause) : Effect.die(error)
    )
  )
