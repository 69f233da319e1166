/** Reads the history from a sequence on. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { EventFilter } from "../History.ts"
import { selectEvents } from "./EventRow.ts"
import { sourceKey } from "./TaskRow.ts"

/**
 * Up to this number of tasks with a tag, events are read by task. For more, the history is scanned.
 */
const fewTasks = 500

/** Rows of the events that the filter matches, in the order of their sequence. */
export const readEvents = (
  sql: SqlClient,
  filter: EventFilter
): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
  Effect.gen(function* () {
    const { since, taskIds, tag, pipelineId, source, types, limit } = filter
    const conditions: Array<Fragment> = [sql`e.sequence > ${since}`]
    if (taskIds !== undefined)
      conditions.push(sql`e.subject = 'task' AND ${sql.in("e.subject_id", taskIds)}`)
    if (pipelineId !== undefined) conditions.push(isOfPipeline(sql, pipelineId))
    if (source !== undefined) conditions.push(isBySource(sql, source))
    if (types !== undefined) conditions.push(sql.in("e.type", types))
    if (tag !== undefined) conditions.push(yield* isTagged(sql, tag))
    return yield* sql`${sql.literal(selectEvents)} WHERE ${sql.and(conditions)} ORDER BY e.sequence LIMIT ${limit}`
  })

/** Events of a pipeline and of its tasks. */
const isOfPipeline = (sql: SqlClient, id: string): Fragment => sql`(
  (e.subject = 'pipeline' AND e.subject_id = ${id}) OR
  (e.subject = 'task' AND e.subject_id IN (SELECT t.id FROM tasks t WHERE t.pipeline = ${id})))`

/** Of an aggregate, and of the tasks that it made. */
const isBySource = (
  sql: SqlClient,
  source: { readonly kind: string; readonly id: string }
): Fragment => sql`(
  (e.subject = ${source.kind} AND e.subject_id = ${source.id}) OR
  (e.subject = 'task' AND e.subject_id IN (SELECT t.id FROM tasks t WHERE t.source = ${sourceKey(source)})))`

const isTagged = (sql: SqlClient, tag: string): Effect.Effect<Fragment, SqlError> => {
  // An expression, so that SQLite scans the history by sequence and not by subject.
  const hidden = sql.literal("coalesce(e.subject, NULL)")
  return Effect.map(sql`SELECT 1 FROM task_tags WHERE tag = ${tag} LIMIT ${fewTasks + 1}`, (some) =>
    some.length > fewTasks
      ? sql`${hidden} = 'task' AND EXISTS (
            SELECT 1 FROM tasks t JOIN task_tags g ON g.task_seq = t.seq WHERE t.id = e.subject_id AND g.tag = ${tag})`
      : sql`e.subject = 'task' AND e.subject_id IN (
            SELECT t.id FROM task_tags g JOIN tasks t ON t.seq = g.task_seq WHERE g.tag = ${tag})`
  )
}
