/** The Database port on SQLite. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import { SqliteDatabase } from "./SqliteDatabase.ts"

/** The transactions of a database that is open. */
export const layerTransactions = Layer.effect(
  Database,
  Effect.map(SqliteDatabase, (database) => make(database))
)

const make = ({
  sql,
  path,
  explained,
  transact,
  flushed,
  reserve
}: SqliteDatabase["Service"]): Database["Service"] => {
  const checkpoint = explained(sql`PRAGMA wal_checkpoint(PASSIVE)`)
  return {
    transact,
    flushed,
    tidy: Effect.andThen(checkpoint, reserve.keep),
    // A checkpoint frees the log, but takes room for what the database grows by: not what was given up for the next try.
    makeRoom: (tries) =>
      Effect.flatMap(reserve.giveUp, (given) =>
        given || tries === 0 ? Effect.void : Effect.ignore(checkpoint)
      ),
    check: explained(checkIntegrity(sql, path))
  }
}

const checkIntegrity = (sql: SqlClient, path: string) =>
  Effect.map(sql<{ integrity_check: string }>`PRAGMA integrity_check(1)`, ([row]) => {
    const found = row?.integrity_check ?? "no answer"
    return found === "ok"
      ? { ok: true, message: `The database ${path} is intact.` }
      : { ok: false, message: `The database ${path} is damaged: ${found.replaceAll(/\s+/g, " ")}` }
  })
