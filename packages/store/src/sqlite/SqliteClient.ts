/**
 * The boundary to bun:sqlite: effect's SqlClient over one connection that all fibers share.
 * Statements and transactions take turns, so no fiber sees uncommitted data of another.
 */
import { Database } from "bun:sqlite"
import type { Statement as PreparedStatement } from "bun:sqlite"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection, Row } from "effect/sql/SqlConnection"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import { makeCompilerSqlite } from "effect/sql/Statement"
import { applicationId } from "../applicationId.ts"
import type { Prepared } from "../sql/SqlDatabase.ts"

type Bindable = string | number | bigint | boolean | null | Uint8Array
type Statement = PreparedStatement<Row, Array<Bindable>>
type PreparedStatements = Map<string, Statement>

/** The most prepared statements that are kept. The least recently used one is dropped. */
const preparedCount = 96

const begin = "BEGIN IMMEDIATE"

/**
 * The cache (2 MB) and the WAL are small, because the engine uses little memory. Checkpoints run
 * when the engine is idle, and at 16 MB, because a checkpoint delays a commit. NORMAL leaves
 * flushing to flush.ts. `busy_timeout` is a second, because the wait stops every fiber. The rolled
 * back write tests whether the file is writable: SQLite opens it read-only otherwise.
 */
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -2000;
  PRAGMA mmap_size = 0;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 8388608;
  BEGIN;
  PRAGMA user_version = 0;
  ROLLBACK`

/**
 * Reads an existing file without writing anything, not even the leftover WAL of a crash. A writer
 * would change the file when it closes it. Fails with SqlError.
 */
export const peekSqlite = <A>(
  path: string,
  read: (values: (sql: string) => ReadonlyArray<ReadonlyArray<unknown>>) => A
): Effect.Effect<A, SqlError> =>
  attempt("peek", () => {
    const db = new Database(path, { readonly: true })
    try {
      return read((sql) => readOnce(db, sql))
    } finally {
      db.close()
    }
  })

/**
 * The rows of a query that runs once. Finalizes the statement, because an open one keeps the
 * connection open.
 */
const readOnce = (db: Database, sql: string): ReadonlyArray<ReadonlyArray<unknown>> => {
  const statement = db.prepare(sql)
  try {
    return statement.values()
  } finally {
    statement.finalize()
  }
}

/**
 * A connection: for any statements, for frequent ones, and the number of rows written through it so
 * far.
 */
export interface SqliteConnection {
  readonly sql: SqlClient.SqlClient
  readonly prepared: Prepared
  readonly writtenCount: Effect.Effect<number, SqlError>
}

/** Opens the database, or creates it with mode 0600. The scope closes it. Fails with SqlError. */
export const openSqlite = (
  path: string
): Effect.Effect<SqliteConnection, SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function* () {
    const prepared: PreparedStatements = new Map()
    const transaction: TransactionState = { inTransaction: false, endedBy: null }
    const db = yield* Effect.acquireRelease(
      attempt("open", () => openFile(path)),
      (opened) =>
        Effect.sync(() => {
          for (const statement of prepared.values()) statement.finalize()
          opened.close()
        })
    )
    const { connection, frequent } = makeConnection(db, prepared, transaction)
    const sharing = SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore: yield* Semaphore.make(1),
      isTransaction: () => db.inTransaction
    })
    const sql = yield* SqlClient.make({
      ...sharing,
      transactionAcquirer: Effect.tap(sharing.transactionAcquirer, () =>
        Effect.addFinalizer(() =>
          Effect.sync(() => {
            transaction.inTransaction = false
            transaction.endedBy = null
          })
        )
      ),
      compiler: makeCompilerSqlite(),
      driver: "sqlite-bun",
      spanAttributes: [["db.system.name", "sqlite"]],
      beginTransaction: begin,
      prepareTransactionControls: true,
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
    })
    return { sql, ...frequent }
  })

/**
 * Writes the application id, unless there is one. New databases and those of earlier versions have
 * none.
 */
const writeApplicationId = (db: Database): void => {
  const [row] = readOnce(db, "PRAGMA application_id")
  if (Number(row?.[0]) !== 0) return
  // The next settings flush the header again, with the id in it.
  db.run(`PRAGMA synchronous = OFF; PRAGMA application_id = ${applicationId}`)
}

const openFile = (path: string): Database => {
  const mask = process.umask(0o077)
  try {
    const db = new Database(path, { create: true, readwrite: true })
    try {
      db.run("PRAGMA busy_timeout = 1000")
      writeApplicationId(db)
      db.run(settings)
    } catch (cause) {
      db.close()
      throw cause
    }
    return db
  } finally {
    process.umask(mask)
  }
}

/**
 * On a full disk, SQLite can end a transaction by itself. `endedBy` then rejects the rest of that
 * transaction with the same cause, which would otherwise be committed alone.
 */
interface TransactionState {
  inTransaction: boolean
  endedBy: unknown
}

const makeConnection = (
  db: Database,
  prepared: PreparedStatements,
  transaction: TransactionState
) => {
  const prepare = (sql: string): Statement => {
    const statement = prepared.get(sql) ?? db.prepare<Row, Array<Bindable>>(sql)
    prepared.delete(sql)
    prepared.set(sql, statement)
    const [oldest] = prepared
    if (prepared.size > preparedCount && oldest !== undefined) {
      prepared.delete(oldest[0])
      oldest[1].finalize()
    }
    return statement
  }

  const run = <A>(sql: string, use: (statement: Statement) => A): Effect.Effect<A, SqlError> =>
    attempt("execute", () => {
      if (transaction.endedBy !== null) throw transaction.endedBy
      try {
        const answer = use(prepare(sql))
        if (sql === begin) transaction.inTransaction = true
        return answer
      } catch (cause) {
        if (transaction.inTransaction && !db.inTransaction) transaction.endedBy = cause
        throw cause
      }
    })

  const execute = (sql: string, params: ReadonlyArray<unknown>) =>
    run(sql, (statement) => statement.all(...params.map(bindable)))
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    run(sql, (statement) => statement.values(...params.map(bindable)))

  const connection: Connection = {
    execute,
    executeRaw: execute,
    executeStream: (sql, params) => Stream.fromIterableEffect(execute(sql, params)),
    executeValues: values,
    executeValuesUnprepared: values,
    executeUnprepared: execute
  }
  const frequent: Omit<SqliteConnection, "sql"> = {
    prepared: (text, given) => run(text, (statement) => statement.all(...given)),
    writtenCount: Effect.map(values("SELECT total_changes()", []), ([row]) => Number(row?.[0]))
  }
  return { connection, frequent }
}

const bindable = (value: unknown): Bindable => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return value
    default:
      if (value === null || value instanceof Uint8Array) return value
      throw new TypeError(`SQLite takes no ${typeof value}`)
  }
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new SqlError({ reason: classifySqliteError(cause, { message: messageOf(cause), operation }) })
  })

const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
