/** Who the home is and where it lies. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** One row, of slot 1. Device and inode are the folder's, as decimal text: 64 bits do not fit into a JavaScript number. */
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
