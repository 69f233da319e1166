/** The QueueStore in SQL. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import { Actor } from "@backbeat/core/history/Actor"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import { type Pause, type QueueCount, QueueStore } from "../QueueStore.ts"
import type { StoreError } from "../StoreError.ts"
import { type Damaged, SqlDatabase } from "./SqlDatabase.ts"
import { describe, document } from "./TaskRow.ts"

/** The QueueStore in an open database. */
export const layerQueueStore = Layer.effect(
  QueueStore,
  Effect.map(SqlDatabase, (database) => make(database))
)

const make = ({
  sql,
  damaged,
  withStoreErrors
}: SqlDatabase["Service"]): QueueStore["Service"] => ({
  pause: (queue, { at, actor, reason }) =>
    Effect.asVoid(
      withStoreErrors(sql`
      INSERT INTO queue_pauses ${sql.insert({ queue, paused_at: at, actor: JSON.stringify(actor), reason })}
      ON CONFLICT (queue) DO NOTHING`)
    ),
  resume: (queue) =>
    Effect.asVoid(withStoreErrors(sql`DELETE FROM queue_pauses WHERE queue = ${queue}`)),
  paused: Effect.flatMap(
    withStoreErrors(sql`SELECT queue, paused_at, actor, reason FROM queue_pauses ORDER BY queue`),
    (rows) => pausesOf(damaged, rows)
  ),
  counts: withStoreErrors(sql<QueueCount>`
    SELECT queue, status, count(*) AS count FROM tasks
    WHERE ${sql.in(
      "status",
      statuses.filter((status) => !isFinal(status))
    )}
    GROUP BY queue, status ORDER BY queue, status`),
  ahead: (id, now) => withStoreErrors(Effect.map(aheadOf(sql, id, now), ([row]) => row?.ahead ?? 0))
})

const aheadOf = (sql: SqlClient, id: string, now: number) => sql<{ ahead: number }>`
  SELECT count(t.seq) AS ahead FROM tasks own JOIN tasks t ON t.waits_in = own.waits_in
  WHERE own.id = ${id} AND (t.due_at IS NULL OR t.due_at <= ${now})
    AND (t.priority, t.queued_seq, t.seq) < (own.priority, own.queued_seq, own.seq)`

const decode = Schema.decodeUnknownResult(
  Schema.Struct({
    queue: Schema.String,
    at: Schema.Finite,
    actor: Actor,
    reason: Schema.NullOr(Schema.String)
  })
)

/**
 * Decodes rows of pauses. Fails with StoreError (damaged), which names the queue of an invalid row.
 */
const pausesOf = (
  damaged: Damaged,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyMap<string, Pause>, StoreError> =>
  Effect.suspend(() => {
    const pauses = new Map<string, Pause>()
    for (const row of rows) {
      const pause = Result.flatMap(parse(row), decode)
      if (Result.isFailure(pause))
        return damaged(`queue ${String(row["queue"])}: ${describe(pause.failure)}`)
      const { queue, ...rest } = pause.success
      pauses.set(queue, rest)
    }
    return Effect.succeed(pauses)
  })

const parse = (row: Row) =>
  Result.try(() => ({
    queue: row["queue"],
    at: row["paused_at"],
    actor: document(row, "actor"),
    reason: row["reason"]
  }))
