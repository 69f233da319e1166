/** What blocked tasks wait for: one row for each task that has yet to end. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import type { StoreError } from "../StoreError.ts"
import type { DependentTask, DeletedWaits } from "../TaskStore.ts"
import { damaged } from "./explain.ts"
import { inParts } from "./inParts.ts"
import { selectTasks, tasksOf } from "./TaskRow.ts"

const decodeNeededEnd = Schema.decodeUnknownResult(DependencyCondition)

const seqOf = (sql: SqlClient, id: string) => sql`(SELECT seq FROM tasks WHERE id = ${id})`

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

/** Writes what a task waits for, over what it waited for before. Belongs into a transaction. */
export const writeWaits = (
  sql: SqlClient,
  id: string,
  dependencies: ReadonlyArray<Dependency>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const seqs = yield* seqsOf(sql, [id, ...dependencies.map(({ task }) => task)])
    const dependent = seqs.get(id) ?? null
    yield* sql`DELETE FROM task_waits WHERE dependent_seq = ${dependent}`
    // A task that is not there has no number, which the table refuses.
    const rows = dependencies.map(({ task, on }) => ({
      dependency_seq: seqs.get(task) ?? null,
      dependent_seq: dependent,
      needs: on
    }))
    for (const part of inParts(rows)) yield* sql`INSERT INTO task_waits ${sql.insert(part)}`
  })

/** What a task waits for still, in the order in which that was created. */
export const waitsOf = (
  sql: SqlClient,
  id: string
): Effect.Effect<ReadonlyArray<Dependency>, SqlError> =>
  sql<{ task: string; on: DependencyCondition }>`
    SELECT t.id AS task, w.needs AS ${sql("on")} FROM task_waits w JOIN tasks t ON t.seq = w.dependency_seq
    WHERE w.dependent_seq = ${seqOf(sql, id)} ORDER BY t.seq`

/** One wait, as a row. */
interface WaitRow {
  readonly dependency: string
  readonly dependent: number
  readonly needs: unknown
}

/** The waits for some tasks in the order in which those that wait were created, and the row of each of those once. */
export interface DependentRows {
  readonly waits: ReadonlyArray<WaitRow>
  readonly tasks: ReadonlyArray<Row>
}

/** The waits for these tasks, with the rows of those that wait. */
export const dependentRows = (
  sql: SqlClient,
  ids: ReadonlyArray<string>
): Effect.Effect<DependentRows, SqlError> =>
  Effect.gen(function* () {
    const waits: Array<WaitRow> = []
    for (const part of inParts(ids)) {
      const found = yield* sql<WaitRow>`
        SELECT d.id AS dependency, w.dependent_seq AS dependent, w.needs FROM tasks d
        JOIN task_waits w ON w.dependency_seq = d.seq WHERE ${sql.in("d.id", part)}`
      waits.push(...found)
    }
    const tasks: Array<Row> = []
    for (const part of inParts([...new Set(waits.map(({ dependent }) => dependent))])) {
      tasks.push(...(yield* sql`${sql.literal(selectTasks)} WHERE ${sql.in("t.seq", part)}`))
    }
    return { waits: waits.toSorted((one, two) => one.dependent - two.dependent), tasks }
  })

/** The tasks of `dependentRows`. Fails with StoreError (damaged) for a row that is none. */
export const dependentsOf = (
  path: string,
  { waits, tasks: rows }: DependentRows
): Effect.Effect<ReadonlyArray<DependentTask>, StoreError> =>
  Effect.flatMap(tasksOf(path, rows), (tasks) => {
    const bySeq = new Map(tasks.map((task, index) => [Number(rows[index]?.["seq"]), task]))
    const dependents: Array<DependentTask> = []
    for (const { dependency, dependent, needs } of waits) {
      const task = bySeq.get(dependent)
      const on = decodeNeededEnd(needs)
      if (task === undefined) continue
      if (Result.isFailure(on))
        return damaged(path, `what task ${task.id} waits for: ${on.failure.message}`)
      dependents.push({ dependency, task, on: on.success })
    }
    return Effect.succeed(dependents)
  })

/** Deletes waits, and answers with those candidates that wait for nothing now. Belongs into a transaction. */
export const deleteWaits = (
  sql: SqlClient,
  { ended, withdrawn }: DeletedWaits,
  candidates: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, SqlError> =>
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
    const free: Array<{ readonly id: string; readonly seq: number }> = []
    for (const part of inParts([...new Set(candidates)])) {
      const rows = yield* sql<{
        id: string
        seq: number
      }>`SELECT t.id, t.seq FROM tasks t WHERE ${sql.in("t.id", part)}
        AND NOT EXISTS (SELECT 1 FROM task_waits w WHERE w.dependent_seq = t.seq)`
      free.push(...rows)
    }
    return free.toSorted((one, two) => one.seq - two.seq).map(({ id }) => id)
  })
