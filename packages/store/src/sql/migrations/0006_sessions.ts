/** The usage of agent sessions. Portable between SQLite and Postgres. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** The agent defines the id of its session. `used` is a Usage as JSON. */
export const sessions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE sessions (
    agent TEXT NOT NULL,
    id TEXT NOT NULL,
    noted_at DOUBLE PRECISION NOT NULL,
    used TEXT NOT NULL,
    PRIMARY KEY (agent, id)
  )`
  yield* sql`CREATE INDEX sessions_noted_at ON sessions (noted_at)`
})
