/**
 * The keys of tasks that do the same work. Portable between SQLite and Postgres. A migration is
 * never edited: write the next one.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/**
 * Existing tasks get a key with their next change. It is only used to find tasks that ran again.
 */
export const workKeys = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE tasks ADD COLUMN work_key TEXT`
  yield* sql`CREATE INDEX tasks_work ON tasks (work_key, seq) WHERE work_key IS NOT NULL`
})
