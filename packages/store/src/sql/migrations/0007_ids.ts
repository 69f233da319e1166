/** One name space for the ids of everything. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** If a task and a pipeline have the same id, both stay, and the id is recorded as the task's. */
export const ids = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE ids (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL
  )`
  yield* sql`INSERT INTO ids (id, kind) SELECT id, 'task' FROM tasks`
  yield* sql`INSERT INTO ids (id, kind) SELECT p.id, 'pipeline' FROM pipelines p WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = p.id)`
})
