/** The TaskStore on SQLite. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import { isFinal, noCounts, statuses, type TaskStatus } from "@backbeat/core/task/TaskState"
import { TaskStore } from "../TaskStore.ts"
import { busyOfBatch, busyQueues, readyRows, timedRows, waitingQueues } from "./awaitedTasks.ts"
import { listTasks } from "./listTasks.ts"
import { inParts } from "./inParts.ts"
import { recordChanges } from "./recordChanges.ts"
import { forgetIds } from "./SqliteIdStore.ts"
import { SqliteDatabase } from "./SqliteDatabase.ts"
import { selectTasks, tasksOf } from "./TaskRow.ts"
import { dependentRows, dependentsOf, deleteWaits, waitsOf, writeWaits } from "./waits.ts"
import { atomically } from "./atomically.ts"

/** The TaskStore in a database that is open. */
export const layerTaskStore = Layer.effect(
  TaskStore,
  Effect.map(SqliteDatabase, (database) => make(database))
)

const liveStatuses = statuses.filter((status) => !isFinal(status))

const make = ({ sql, path, explained }: SqliteDatabase["Service"]): TaskStore["Service"] => {
  const select = sql.literal(selectTasks)
  const tasks = (rows: ReturnType<typeof readyRows>) =>
    Effect.flatMap(explained(rows), (found) => tasksOf(path, found))
  return {
    find: (id) => Effect.map(tasks(sql`${select} WHERE t.id = ${id}`), ([task]) => task ?? null),
    record: (changes) =>
      changes.length === 0
        ? Effect.succeed([])
        : explained(atomically(sql, recordChanges(sql, changes))),
    list: (filter, page) =>
      Effect.gen(function* () {
        const { total, rows, next } = yield* explained(listTasks(sql, filter, page))
        return { total, tasks: yield* tasksOf(path, rows), next }
      }),
    inStatus: (wanted) => tasks(sql`${select} WHERE t.status IN ${sql.in(wanted)} ORDER BY t.seq`),
    counts: explained(statusCounts(sql)),
    liveCount: explained(
      Effect.map(
        sql<{
          count: number
        }>`SELECT count(*) AS count FROM tasks WHERE status IN ${sql.in(liveStatuses)}`,
        ([row]) => row?.count ?? 0
      )
    ),
    ready: (filter) => tasks(readyRows(sql, filter)),
    busy: explained(busyQueues(sql)),
    busyOfBatch: (batch) => explained(busyOfBatch(sql, batch)),
    waitingQueues: explained(waitingQueues(sql)),
    awaitingTime: tasks(timedRows(sql)),
    waitFor: (id, dependencies) => explained(atomically(sql, writeWaits(sql, id, dependencies))),
    waitsOf: (id) => explained(waitsOf(sql, id)),
    dependents: (ids) =>
      Effect.flatMap(explained(dependentRows(sql, ids)), (rows) => dependentsOf(path, rows)),
    deleteWaits: (settled, candidates) =>
      explained(atomically(sql, deleteWaits(sql, settled, candidates))),
    endedBefore: (at, wanted, limit = -1) =>
      tasks(sql`${select}
        WHERE t.ended_at < ${at} AND t.status IN ${sql.in(wanted)} ORDER BY t.ended_at, t.seq LIMIT ${limit}`),
    remove: (ids) => explained(atomically(sql, removeTasks(sql, ids)))
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

/** Specification, tags and waits go with their task, by their foreign keys. Only an ended task has an `ended_at`. */
const removeTasks = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const removed: Array<string> = []
    for (const part of inParts([...new Set(ids)])) {
      const gone = yield* sql<{ id: string }>`
        DELETE FROM tasks WHERE ${sql.in("id", part)} AND ended_at IS NOT NULL RETURNING id`
      const [first, ...others] = gone.map(({ id }) => id)
      if (first === undefined) continue
      yield* sql`DELETE FROM events WHERE subject = 'task' AND ${sql.in("subject_id", [first, ...others])}`
      yield* forgetIds(sql, "task", [first, ...others])
      removed.push(first, ...others)
    }
    return removed
  })
