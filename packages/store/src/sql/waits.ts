/** The waits of blocked tasks: one row for each dependency that has not ended. */
import type { Dependency } from "@backbeat/core/task/Dependency"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { DeletedWaits } from "../TaskStore.ts"
import { inParts } from "./inParts.ts"

/** The row numbers of tasks. */
const seqsOf = (
  sql: SqlClient,
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyMap<string, number>, SqlError> =>
  Effect.gen(function* () {
    const seqs = new Map<string, number>()
    for (const part of inParts(ids)) {
      const rows = yield* sql<{
        id: string
        seq: number
      }>`SELECT id, seq FROM tasks WHERE ${sql.in("id", part)}`
      for (const { id, seq } of rows) seqs.set(id, seq)
    }
    return seqs
  })

/** Replaces the waits of a task. Must run in a transaction. */
export const writeWaits = (
  sql: SqlClient,
  id: string,
  dependencies: ReadonlyArray<Dependency>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const seqs = yield* seqsOf(sql, [id, ...dependencies.map(({ task }) => task)])
    const dependent = seqs.get(id) ?? null
    yield* sql`DELETE FROM task_waits WHERE dependent_seq = ${dependent}`
    // A missing task has no number, and the table rejects null.
    const rows = dependencies.map(({ task, on }) => ({
      dependency_seq: seqs.get(task) ?? null,
      dependent_seq: dependent,
      needs: on
    }))
    for (const part of inParts(rows)) yield* sql`INSERT INTO task_waits ${sql.insert(part)}`
  })

/** Deletes waits. Must run in a transaction. */
export const deleteWaits = (
  sql: SqlClient,
  { ended, withdrawn }: DeletedWaits
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    for (const [column, ids] of [
      ["dependency_seq", ended],
      ["dependent_seq", withdrawn]
    ] as const) {
      for (const part of inParts(ids)) {
        yield* sql`DELETE FROM task_waits
          WHERE ${sql(column)} IN (SELECT seq FROM tasks WHERE ${sql.in("id", part)})`
      }
    }
  })
