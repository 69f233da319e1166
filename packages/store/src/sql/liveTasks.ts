/** Reads the tasks that have not ended, with their positions and open dependencies. */
import { type Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { StoreError } from "../StoreError.ts"
import type { LiveTask } from "../TaskRows.ts"
import { inParts } from "./inParts.ts"
import type { Damaged } from "./SqlDatabase.ts"
import { selectTasks, tasksOf } from "./TaskRow.ts"

const decodeCondition = Schema.decodeUnknownResult(DependencyCondition)

/** The row of a wait. */
interface WaitRow {
  readonly dependent: number
  readonly task: string
  readonly needs: unknown
}

/** Rows of live tasks in the order of their creation, and the rows of their waits. */
export interface LiveRows {
  readonly tasks: ReadonlyArray<Row>
  readonly waits: ReadonlyArray<WaitRow>
}

/** The rows of all tasks in these statuses, or only those among the ids. */
export const liveRows = (
  sql: SqlClient,
  statuses: ReadonlyArray<TaskStatus>,
  ids: ReadonlyArray<string> | null
): Effect.Effect<LiveRows, SqlError> =>
  Effect.gen(function* () {
    const isLive = sql.in("t.status", statuses)
    const tasks: Array<Row> = []
    const waits: Array<WaitRow> = []
    for (const which of ids === null ? [isLive] : inParts(ids).map((part) => amongIds(sql, part))) {
      const found = yield* sql`
        ${sql.literal(selectTasks)} WHERE ${which} AND ${isLive} ORDER BY t.seq`
      tasks.push(...found)
      const waitRows = yield* sql<WaitRow>`
        SELECT w.dependent_seq AS dependent, d.id AS task, w.needs FROM task_waits w
        JOIN tasks t ON t.seq = w.dependent_seq JOIN tasks d ON d.seq = w.dependency_seq
        WHERE ${which} ORDER BY d.seq`
      waits.push(...waitRows)
    }
    return { tasks, waits }
  })

const amongIds = (sql: SqlClient, ids: ReadonlyArray<string>) => sql.in("t.id", ids)

/** Decodes `liveRows`. Fails with StoreError (damaged) for an invalid row. */
export const liveOf = (
  damaged: Damaged,
  { tasks: rows, waits }: LiveRows
): Effect.Effect<ReadonlyArray<LiveTask>, StoreError> =>
  Effect.flatMap(tasksOf(damaged, rows), (tasks) => {
    const waitsFor = new Map<number, Array<Dependency>>()
    for (const { dependent, task, needs } of waits) {
      const on = decodeCondition(needs)
      if (Result.isFailure(on))
        return damaged(`what a task waits for, with ${task}: ${on.failure.message}`)
      const before = waitsFor.get(dependent) ?? []
      waitsFor.set(dependent, [...before, { task, on: on.success }])
    }
    const live: Array<LiveTask> = []
    for (const [index, task] of tasks.entries()) {
      const seq = Number(rows[index]?.["seq"])
      const queuedSeq = Number(rows[index]?.["queued_seq"])
      live.push({ task, seq, queuedSeq, waitsFor: waitsFor.get(seq) ?? [] })
    }
    return Effect.succeed(live)
  })
