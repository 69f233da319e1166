/** What may or must happen next: the reads of dispatch and of the alarm. Each walks a partial index of live tasks only. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { ReadyFilter } from "../TaskStore.ts"
import { selectTasks } from "./TaskRow.ts"

/** The batches that wait in a queue, with how many more of each may run. */
const waitingBatches = (sql: SqlClient, queue: string) => sql<{ batch: string; room: number }>`
  WITH RECURSIVE waiting (batch) AS (
    SELECT min(batch) FROM tasks WHERE waits_in = ${queue} AND batch IS NOT NULL
    UNION ALL
    SELECT (SELECT min(batch) FROM tasks WHERE waits_in = ${queue} AND batch > waiting.batch)
    FROM waiting WHERE waiting.batch IS NOT NULL
  )
  SELECT batch,
    (SELECT batch_limit FROM tasks WHERE waits_in = ${queue} AND batch = waiting.batch LIMIT 1)
    - (SELECT count(*) FROM tasks WHERE batch = waiting.batch AND runs_in IS NOT NULL) AS room
  FROM waiting WHERE batch IS NOT NULL`

/** Of one batch, or of those that have none. */
const readyOf = (
  sql: SqlClient,
  { queue, now, limit }: ReadyFilter,
  batch: string | null
): Effect.Effect<ReadonlyArray<Row>, SqlError> => sql`
  ${sql.literal(selectTasks)}
  WHERE t.waits_in = ${queue} AND ${batch === null ? sql`t.batch IS NULL` : sql`t.batch = ${batch}`} AND (t.due_at IS NULL OR t.due_at <= ${now})
  ORDER BY t.priority, t.queued_seq, t.seq LIMIT ${limit}`

const byTurn = (one: Row, other: Row): number => {
  const [first, second] = [String(one["priority"]), String(other["priority"])]
  if (first !== second) return first < second ? -1 : 1
  return (
    Number(one["queued_seq"]) - Number(other["queued_seq"]) ||
    Number(one["seq"]) - Number(other["seq"])
  )
}

/** Rows of the queued tasks that may run now, in the order of their turn: of a batch as many as it has room for. */
export const readyRows = (
  sql: SqlClient,
  filter: ReadyFilter
): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
  Effect.gen(function* () {
    const alone = yield* readyOf(sql, filter, null)
    const batches = (yield* waitingBatches(sql, filter.queue)).filter(({ room }) => room > 0)
    if (batches.length === 0) return alone
    const others = yield* Effect.forEach(batches, ({ batch, room }) =>
      readyOf(sql, { ...filter, limit: Math.min(room, filter.limit) }, batch)
    )
    return [...alone, ...others.flat()].toSorted(byTurn).slice(0, filter.limit)
  })

/** How many tasks of a batch have an attempt. */
export const busyOfBatch = (sql: SqlClient, batch: string): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{
      count: number
    }>`SELECT count(*) AS count FROM tasks WHERE batch = ${batch} AND runs_in IS NOT NULL`,
    ([row]) => row?.count ?? 0
  )

/** Rows of the tasks that wait for a time, the longest due first. */
export const timedRows = (sql: SqlClient): Effect.Effect<ReadonlyArray<Row>, SqlError> => sql`
  ${sql.literal(selectTasks)}
  WHERE t.status IN ('queued', 'retrying') AND t.due_at IS NOT NULL ORDER BY t.due_at, t.seq`

/** How many tasks of each queue have an attempt. */
export const busyQueues = (
  sql: SqlClient
): Effect.Effect<Readonly<Record<string, number>>, SqlError> =>
  Effect.map(
    sql<{ queue: string; count: number }>`
      SELECT runs_in AS queue, count(*) AS count FROM tasks WHERE runs_in IS NOT NULL GROUP BY runs_in`,
    (rows) => Object.fromEntries(rows.map(({ queue, count }) => [queue, count]))
  )

/** The queues with queued tasks: hops from name to name, however many tasks wait in each. */
export const waitingQueues = (sql: SqlClient): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(
    sql<{ queue: string }>`
      WITH RECURSIVE waiting (queue) AS (
        SELECT min(waits_in) FROM tasks WHERE waits_in IS NOT NULL
        UNION ALL
        SELECT (SELECT min(waits_in) FROM tasks WHERE waits_in > waiting.queue)
        FROM waiting WHERE waiting.queue IS NOT NULL
      )
      SELECT queue FROM waiting WHERE queue IS NOT NULL`,
    (rows) => rows.map(({ queue }) => queue)
  )
