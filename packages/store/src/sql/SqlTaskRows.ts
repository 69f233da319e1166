/** The TaskRows in SQL. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { isFinal, noCounts, statuses, type TaskStatus } from "@backbeat/core/task/TaskState"
import { TaskRows } from "../TaskRows.ts"
import { listTasks } from "./listTasks.ts"
import { inParts } from "./inParts.ts"
import { recordChanges } from "./recordChanges.ts"
import { removeIds } from "./SqlIdStore.ts"
import { SqlDatabase } from "./SqlDatabase.ts"
import { selectTasks, tasksOf } from "./TaskRow.ts"
import { deleteWaits, writeWaits } from "./waits.ts"
import { liveOf, liveRows } from "./liveTasks.ts"
import { atomically } from "./atomically.ts"

/** The TaskRows in an open database. */
export const layerTaskRows = Layer.effect(
  TaskRows,
  Effect.map(SqlDatabase, (database) => make(database))
)

const liveStatuses = statuses.filter((status) => !isFinal(status))

const make = ({
  sql,
  prepared,
  damaged,
  withStoreErrors
}: SqlDatabase["Service"]): TaskRows["Service"] => {
  const select = sql.literal(selectTasks)
  const tasks = (rows: Effect.Effect<ReadonlyArray<Row>, SqlError>) =>
    Effect.flatMap(withStoreErrors(rows), (found) => tasksOf(damaged, found))
  return {
    find: (id) =>
      Effect.map(tasks(prepared(`${selectTasks} WHERE t.id = ?`, [id])), ([task]) => task ?? null),
    write: (changes) => withStoreErrors(atomically(sql, recordChanges(prepared, changes))),
    list: (filter, page) =>
      Effect.gen(function* () {
        const { total, rows, next } = yield* withStoreErrors(listTasks(sql, filter, page))
        return { total, tasks: yield* tasksOf(damaged, rows), next }
      }),
    inStatus: (wanted) => tasks(sql`${select} WHERE t.status IN ${sql.in(wanted)} ORDER BY t.seq`),
    counts: withStoreErrors(statusCounts(sql)),
    live: (ids) =>
      Effect.flatMap(withStoreErrors(liveRows(sql, liveStatuses, ids)), (rows) =>
        liveOf(damaged, rows)
      ),
    waitFor: (id, dependencies) =>
      withStoreErrors(atomically(sql, writeWaits(sql, id, dependencies))),
    deleteWaits: (deleted) => withStoreErrors(atomically(sql, deleteWaits(sql, deleted))),
    endedBefore: (at, wanted, limit = -1) =>
      tasks(sql`${select}
        WHERE t.ended_at < ${at} AND t.status IN ${sql.in(wanted)} ORDER BY t.ended_at, t.seq LIMIT ${limit}`),
    remove: (ids) => withStoreErrors(atomically(sql, removeTasks(sql, ids)))
  }
}

const statusCounts = (sql: SqlClient) =>
  Effect.map(
    sql<{
      status: TaskStatus
      count: number
    }>`SELECT status, count(*) AS count FROM tasks GROUP BY status`,
    (rows) => {
      const counts: Record<TaskStatus, number> = { ...noCounts }
      for (const { status, count } of rows) counts[status] = count
      return counts
    }
  )

/**
 * Foreign keys remove the specification, tags and waits with their task. Only an ended task has an
 * `ended_at`.
 */
const removeTasks = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const removed: Array<string> = []
    for (const part of inParts([...new Set(ids)])) {
      const rows = yield* sql<{ id: string }>`
        DELETE FROM tasks WHERE ${sql.in("id", part)} AND ended_at IS NOT NULL RETURNING id`
      const [first, ...others] = rows.map(({ id }) => id)
      if (first === undefined) continue
      yield* sql`DELETE FROM events WHERE subject = 'task' AND ${sql.in("subject_id", [first, ...others])}`
      yield* removeIds(sql, "task", [first, ...others])
      removed.push(first, ...others)
    }
    return removed
  })
