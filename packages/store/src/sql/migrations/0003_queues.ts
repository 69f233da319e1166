/** Paused queues. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** A queue is a name; it has a row while it is paused. */
export const queues = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE queue_pauses (
    queue TEXT NOT NULL PRIMARY KEY,
    paused_at DOUBLE PRECISION NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT
  )`
})
