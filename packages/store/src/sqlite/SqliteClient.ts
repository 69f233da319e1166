/**
 * The boundary to bun:sqlite: effect's SqlClient over one connection that all fibers share. Statements and
 * transactions take turns, so nobody sees a transaction that is not committed.
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

/** How many prepared statements are kept; the least recently used one makes room. */
const preparedCount = 96

const begin = "BEGIN IMMEDIATE"

/**
 * Pages and the WAL stay small because the engine stays small: 2 MB of cache, checkpoints when the engine rests and at 16 MB, for
 * a checkpoint waits for the disk in the middle of a commit. NORMAL leaves the forcing of commits to the disk to flush.ts. A
 * foreign writer is waited for at most a second, because the wait stops every fiber. The write that is taken back finds out
 * whether the file can be written: SQLite opens it for reading otherwise.
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
 * Answers queries of an existing file as a reader, who writes nothing, not even what a crash left in the WAL. A writer would,
 * already by closing it. Fails with SqlError.
 */
export const peekSqlite = <A>(
  path: string,
  look: (values: (sql: string) => ReadonlyArray<ReadonlyArray<unknown>>) => A
): Effect.Effect<A, SqlError> =>
  attempt("peek", () => {
    const db = new Database(path, { readonly: true })
    try {
      return look((sql) => readOnce(db, sql))
    } finally {
      db.close()
    }
  })

/** The rows of a query that is asked once. A statement that stays open keeps its connection from being closed. */
const readOnce = (db: Database, sql: string): ReadonlyArray<ReadonlyArray<unknown>> => {
  const statement = db.prepare(sql)
  try {
    return statement.values()
  } finally {
    statement.finalize()
  }
}

/** A connection: for statements of all kinds, for those that are often made, and how many rows were written through it so far. */
export interface SqliteConnection {
  readonly sql: SqlClient.SqlClient
  readonly prepared: Prepared
  readonly writtenCount: Effect.Effect<number, SqlError>
}

/** Opens the database of the path, creating it with mode 0600, until the scope ends. Fails with SqlError. */
export const openSqlite = (
  path: string
): Effect.Effect<SqliteConnection, SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function* () {
    const prepared: PreparedStatements = new Map()
    const turn: Turn = { inTransaction: false, endedBy: null }
    const db = yield* Effect.acquireRelease(
      attempt("open", () => openFile(path)),
      (opened) =>
        Effect.sync(() => {
          for (const statement of prepared.values()) statement.finalize()
          opened.close()
        })
    )
    const { connection, often } = makeConnection(db, prepared, turn)
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
            turn.inTransaction = false
            turn.endedBy = null
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
    return { sql, ...often }
  })

/** Says whose the database is. A database without an id is new, or an earlier version made it. */
const markAsOurs = (db: Database): void => {
  const [row] = readOnce(db, "PRAGMA application_id")
  if (Number(row?.[0]) !== 0) return
  // The next settings force the header to the disk again, with the mark in it.
  db.run(`PRAGMA synchronous = OFF; PRAGMA application_id = ${applicationId}`)
}

const openFile = (path: string): Database => {
  const mask = process.umask(0o077)
  try {
    const db = new Database(path, { create: true, readwrite: true })
    try {
      db.run("PRAGMA busy_timeout = 1000")
      markAsOurs(db)
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
 * A full disk can make SQLite end a transaction by itself. `endedBy` then refuses the rest of that transaction with the same
 * cause; it would be committed alone otherwise.
 */
interface Turn {
  inTransaction: boolean
  endedBy: unknown
}

const makeConnection = (db: Database, prepared: PreparedStatements, turn: Turn) => {
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
      if (turn.endedBy !== null) throw turn.endedBy
      try {
        const answer = use(prepare(sql))
        if (sql === begin) turn.inTransaction = true
        return answer
      } catch (cause) {
        if (turn.inTransaction && !db.inTransaction) turn.endedBy = cause
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
  const often: Omit<SqliteConnection, "sql"> = {
    prepared: (text, given) => run(text, (statement) => statement.all(...given)),
    writtenCount: Effect.map(values("SELECT total_changes()", []), ([row]) => Number(row?.[0]))
  }
  return { connection, often }
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
