/** The effects of calls, for repeated calls. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** A request has the id that its caller gave it. */
export const requests = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    noted_at DOUBLE PRECISION NOT NULL,
    done TEXT NOT NULL
  )`
  yield* sql`CREATE INDEX requests_noted_at ON requests (noted_at)`
})
