/** The identity and the location of the home. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/**
 * One row with slot 1. `device` and `inode` identify the folder, as decimal text: 64 bits do not
 * fit into a JavaScript number.
 */
export const home = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE home (
    slot INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    path TEXT NOT NULL
  )`
})
