/**
 * Batches: calls that limit how many of their tasks run at a time. Portable between SQLite and
 * Postgres.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Most tasks have no batch, and are in neither index. */
export const batches = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE tasks ADD COLUMN batch TEXT`
  yield* sql`ALTER TABLE tasks ADD COLUMN batch_limit INTEGER`
  yield* sql`CREATE INDEX tasks_batch_ready ON tasks (waits_in, batch, priority, queued_seq, seq, due_at) WHERE waits_in IS NOT NULL AND batch IS NOT NULL`
  yield* sql`CREATE INDEX tasks_batch_busy ON tasks (batch) WHERE runs_in IS NOT NULL AND batch IS NOT NULL`
})
