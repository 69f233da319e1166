/** The PipelineStore on SQLite. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { RecordedPipelineEvent } from "@backbeat/core/history/RecordedEvent"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import {
  type PipelineChange,
  type PipelineCount,
  type PipelineFilter,
  PipelineStore
} from "../PipelineStore.ts"
import { countMax } from "../TaskStore.ts"
import { appendEvents, takeSequences } from "./appendEvents.ts"
import { inParts } from "./inParts.ts"
import { cursorSeq } from "./listTasks.ts"
import { pipelineRow, pipelinesOf, selectPipelines } from "./PipelineRow.ts"
import { SqliteDatabase } from "./SqliteDatabase.ts"
import { forgetIds, noteIds } from "./SqliteIdStore.ts"
import { whole } from "./whole.ts"

/** The PipelineStore in a database that is open. */
export const layerPipelineStore = Layer.effect(
  PipelineStore,
  Effect.map(SqliteDatabase, (database) => make(database))
)

const liveStatuses = statuses.filter((status) => !isFinal(status))

const make = ({ sql, path, explained }: SqliteDatabase["Service"]): PipelineStore["Service"] => {
  const select = sql.literal(selectPipelines)
  return {
    find: (id) =>
      explained(sql`${select} WHERE p.id = ${id}`).pipe(
        Effect.flatMap((rows) => pipelinesOf(path, rows)),
        Effect.map(([pipeline]) => pipeline ?? null)
      ),
    record: (change) => explained(whole(sql, recordChange(sql, change))),
    list: (filter, { limit, after }) =>
      Effect.gen(function* () {
        const { total, rows } = yield* explained(listPage(sql, filter, { limit, after }))
        const pipelines = yield* pipelinesOf(path, rows.slice(0, limit))
        return {
          total,
          pipelines,
          next: rows.length > limit ? String(rows[limit - 1]?.["seq"]) : null
        }
      }),
    counts: (ids) =>
      explained(
        Effect.map(
          Effect.forEach(
            inParts(ids),
            (part) => sql<PipelineCount>`
            SELECT pipeline, status, count(*) AS count FROM tasks
            WHERE ${sql.in("pipeline", part)} GROUP BY pipeline, status ORDER BY pipeline, status`
          ),
          (parts) => parts.flat()
        )
      ),
    over: (ids) =>
      Effect.flatMap(
        explained(
          Effect.forEach(
            inParts(ids),
            (part) => sql`${select}
            WHERE ${sql.in("p.id", part)} AND p.status = 'running' AND NOT EXISTS (
              SELECT 1 FROM tasks t WHERE t.pipeline = p.id AND ${sql.in("t.status", liveStatuses)})`
          )
        ),
        (parts) => pipelinesOf(path, parts.flat())
      ),
    removeEmpty: explained(whole(sql, removeEmpty(sql)))
  }
}

const recordChange = (
  sql: SqlClient,
  { pipeline, events, at, actor }: PipelineChange
): Effect.Effect<ReadonlyArray<RecordedPipelineEvent>, SqlError> =>
  Effect.gen(function* () {
    const last = yield* takeSequences(sql, events.length)
    const recorded = events.map((event, index): RecordedPipelineEvent => ({
      subject: "pipeline",
      id: pipeline.id,
      sequence: last + index + 1,
      at,
      actor,
      event
    }))
    if (events.some(({ type }) => type === "pipeline.created"))
      yield* noteIds(sql, "pipeline", [pipeline.id])
    yield* sql`INSERT INTO pipelines ${sql.insert(pipelineRow(pipeline))}
      ON CONFLICT (id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at, name = excluded.name,
        task_ids = excluded.task_ids, owner = excluded.owner, state = excluded.state`
    yield* appendEvents(sql, recorded)
    return recorded
  })

const listPage = (
  sql: SqlClient,
  { status, since }: PipelineFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined }
) =>
  Effect.gen(function* () {
    const where = (all: ReadonlyArray<Fragment>) =>
      all.length === 0 ? sql.literal("") : sql`WHERE ${sql.and(all)}`
    const conditions = [
      ...(status === undefined ? [] : [sql.in("p.status", status)]),
      ...(since === undefined ? [] : [sql`p.created_at >= ${since}`])
    ]
    const [count] = yield* sql<{
      total: number
    }>`SELECT count(*) AS total FROM (SELECT 1 FROM pipelines p ${where(conditions)} LIMIT ${countMax + 1})`
    // An expression, so that few recent rows are not looked for among all.
    const order = sql.literal(since === undefined ? "p.seq" : "p.seq + 0")
    const before = after === undefined ? [] : [sql`p.seq < ${cursorSeq(after)}`]
    const rows = yield* sql`
      ${sql.literal(selectPipelines)} ${where([...conditions, ...before])} ORDER BY ${order} DESC LIMIT ${limit + 1}`
    return { total: count?.total ?? 0, rows }
  })

const removeEmpty = (sql: SqlClient): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const gone = yield* sql<{ id: string }>`
      DELETE FROM pipelines WHERE status <> 'running' AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.pipeline = pipelines.id)
      RETURNING id`
    const ids = gone.map(({ id }) => id)
    for (const part of inParts(ids)) {
      yield* sql`DELETE FROM events WHERE subject = 'pipeline' AND ${sql.in("subject_id", part)}`
    }
    yield* forgetIds(sql, "pipeline", ids)
    return ids
  })
