/**
 * Opens a backbeat database: checks it, and migrates it. The stores on it share its transactions.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { isSqlError } from "effect/sql/SqlError"
import type { StoreError } from "../StoreError.ts"
import { damaged, toStoreError, toOpeningError, lost, needsRecovery, newer } from "./storeErrors.ts"
import { makeFlusher } from "./flush.ts"
import { migrations, newest } from "../sql/migrations/migrations.ts"
import { makeReserve, type DiskReserve } from "./reserve.ts"
import { SqlDatabase } from "../sql/SqlDatabase.ts"
import { openSqlite, peekSqlite, type SqliteConnection } from "./SqliteClient.ts"

const table = "migrations"

/** The path, the transactions and the disk of a database in a file. */
export class SqliteDatabase extends Context.Service<
  SqliteDatabase,
  {
    readonly path: string
    /**
     * Runs the effect in a transaction. A nested one is rolled back alone if it fails, and
     * committed with the outer one.
     */
    readonly transact: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | StoreError, R>
    /** Completes when every earlier commit is on the disk. */
    readonly flushed: Effect.Effect<void, StoreError>
    readonly reserve: DiskReserve
  }
>()("@backbeat/store/sqlite/SqliteDatabase") {}

/**
 * The path, and a check at the start of each transaction whether this program still owns the
 * database. Without `isOurs`, it always does.
 */
export interface DatabaseOptions {
  readonly path: string
  readonly isOurs?: () => boolean
}

/**
 * Opens the database at `path` and migrates it. Fails with StoreError; does not change a damaged or
 * newer file.
 */
export const layerDatabase = (
  options: DatabaseOptions
): Layer.Layer<SqliteDatabase | SqlDatabase, StoreError> =>
  Layer.effectContext(open(options)).pipe(Layer.provide(Reactivity.layer))

const open = ({ path, isOurs = () => true }: DatabaseOptions) =>
  Effect.gen(function* () {
    const failIfLost = Effect.suspend(() => (isOurs() ? Effect.void : Effect.fail(lost(path))))
    const version = yield* inspect(path).pipe(
      Effect.catchIf(isInterrupted, () =>
        Effect.andThen(Effect.scoped(openSqlite(path)), inspect(path))
      )
    )
    const { sql, prepared, writtenCount } = yield* openSqlite(path)
    yield* failIfLost
    if (version < newest) yield* migrate(sql)
    // Closing removes the log, so a caller who waits for a flush gets this last one.
    const flusher = yield* Effect.acquireRelease(
      Effect.sync(() => makeFlusher(path)),
      ({ flushed }) => Effect.ignore(flushed)
    )
    const transact = makeTransact({ sql, writtenCount }, flusher.committed)
    const reserve = makeReserve(path)
    yield* Effect.forkScoped(reserve.fill)
    const sqlDatabase = SqlDatabase.of({
      sql,
      prepared,
      withStoreErrors: Effect.mapError((error) => toStoreError(path, error)),
      damaged: (what) => damaged(path, what)
    })
    const sqliteDatabase = SqliteDatabase.of({
      path,
      transact: (effect) =>
        Effect.mapError(transact(Effect.andThen(failIfLost, effect)), (error) =>
          isSqlError(error) ? toStoreError(path, error) : error
        ),
      flushed: flusher.flushed,
      reserve
    })
    return Context.add(Context.make(SqlDatabase, sqlDatabase), SqliteDatabase, sqliteDatabase)
  }).pipe(
    Effect.catchIf(isSqlError, (error) => Effect.flatMap(toOpeningError(path, error), Effect.fail))
  )

/** Runs transactions, and calls back after each that wrote something. A read needs no flush. */
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
          // Rolled back rows count too, so there may be one flush too many, but never one too few.
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
    // SQLite would discard the WAL.
    return Bun.file(`${path}-wal`).size === 0
      ? Effect.succeed(0)
      : Effect.fail(damaged(path, `it is empty, but ${path}-wal is not`))
  }
  return Effect.flatMap(peekSqlite(path, readVersion), ({ tables, version }) => {
    if (tables > 0 && version === null)
      return Effect.fail(damaged(path, "it contains tables that are not backbeat's"))
    return (version ?? 0) > newest
      ? Effect.fail(newer(path, version ?? 0, newest))
      : Effect.succeed(version ?? 0)
  })
}

const isInterrupted = (error: SqlError | StoreError): boolean =>
  isSqlError(error) && needsRecovery(error)

const readVersion = (values: (sql: string) => ReadonlyArray<ReadonlyArray<unknown>>) => {
  const names = values("SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => name)
  const [row] = names.includes(table)
    ? values(`SELECT coalesce(max(migration_id), 0) FROM ${table}`)
    : []
  return { tables: names.length, version: row === undefined ? null : Number(row[0]) }
}

/** Applies the missing migrations. */
const migrate = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Migrator.make({})({ loader: Migrator.fromRecord(migrations), table }).pipe(
    Effect.asVoid,
    Effect.provideService(SqlClient.SqlClient, sql),
    // Other errors of the migrator are bugs in the migrations.
    Effect.catchTag("MigrationError", (error) =>
      isSqlError(error.cause) ? Effect.fail(error.cause) : Effect.die(error)
    )
  )
