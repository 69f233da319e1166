/** The Disk port of a SQLite file. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import { Disk } from "../Disk.ts"
import { SqlDatabase } from "../sql/SqlDatabase.ts"
import { SqliteDatabase } from "./SqliteDatabase.ts"

/** The disk below an open database. */
export const layerDisk = Layer.effect(
  Disk,
  Effect.map(Effect.all([SqliteDatabase, SqlDatabase]), ([file, database]) => make(file, database))
)

const make = (
  { path, flushed, reserve }: SqliteDatabase["Service"],
  { sql, withStoreErrors }: SqlDatabase["Service"]
): Disk["Service"] => {
  const checkpoint = withStoreErrors(sql`PRAGMA wal_checkpoint(PASSIVE)`)
  return {
    flushed,
    maintain: Effect.andThen(checkpoint, reserve.fill),
    // Release the reserve first. A checkpoint frees the log but may grow the database, so it must
    // not use the space that the next try needs.
    freeSpace: (tries) =>
      Effect.flatMap(reserve.release, (released) =>
        released || tries === 0 ? Effect.void : Effect.ignore(checkpoint)
      ),
    check: withStoreErrors(checkIntegrity(sql, path))
  }
}

const checkIntegrity = (sql: SqlClient, path: string) =>
  Effect.map(sql<{ integrity_check: string }>`PRAGMA integrity_check(1)`, ([row]) => {
    const found = row?.integrity_check ?? "no answer"
    return found === "ok"
      ? { ok: true, message: `The database ${path} is intact.` }
      : { ok: false, message: `The database ${path} is damaged: ${found.replaceAll(/\s+/g, " ")}` }
  })
