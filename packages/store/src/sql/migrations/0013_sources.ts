/** Which aggregate a task was made by. Portable between SQLite and Postgres. A migration is never edited: write the next one. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Most tasks were made by a caller and have none: they are in neither index. */
export const sources = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE tasks ADD COLUMN source TEXT`
  yield* sql`ALTER TABLE tasks ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0`
  yield* sql`CREATE INDEX tasks_source ON tasks (source, seq) WHERE source IS NOT NULL`
  yield* sql`CREATE INDEX tasks_hidden ON tasks (seq) WHERE hidden = 1`
})
