/**
 * Lists tasks in pages. Page and total are found in indexes; only the rows of the page are read.
 */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import { countMax, type TaskFilter } from "../TaskStore.ts"
import { selectTasks, sourceKey } from "./TaskRow.ts"

/** The length of a page, and the cursor after which it starts. */
interface Page {
  readonly limit: number
  readonly after?: string | undefined
}

/** The rows of a page, newest first, with the cursor of the next one. */
interface TaskRows {
  readonly total: number
  readonly rows: ReadonlyArray<Row>
  readonly next: string | null
}

/** Finds the page. An invalid cursor gives an empty page. */
export const listTasks = (
  sql: SqlClient,
  filter: TaskFilter,
  page: Page
): Effect.Effect<TaskRows, SqlError> =>
  Effect.gen(function* () {
    const { seq, from, conditions } = matches(sql, filter)
    const where = (all: ReadonlyArray<Fragment>) =>
      all.length === 0 ? sql.literal("") : sql`WHERE ${sql.and(all)}`
    const [count] = yield* sql<{
      total: number
    }>`SELECT count(*) AS total FROM (SELECT 1 FROM ${from} ${where(conditions)} LIMIT ${countMax + 1})`
    const total = count?.total ?? 0
    const before = page.after === undefined ? [] : [sql`${seq} < ${cursorSeq(page.after)}`]
    // An expression, so that SQLite finds few recent rows by `created_at` and does not scan all by
    // `seq`.
    const order = filter.since === undefined ? seq : sql`${seq} + 0`
    const found = yield* sql`
      ${sql.literal(selectTasks)}
      WHERE t.seq IN (
        SELECT ${seq} FROM ${from} ${where([...conditions, ...before])}
        ORDER BY ${order} DESC LIMIT ${page.limit + 1}
      )
      ORDER BY t.seq DESC`
    const rows = found.slice(0, page.limit)
    const next = found.length > page.limit ? String(rows.at(-1)?.["seq"]) : null
    return { total, rows, next }
  })

/** The number in a cursor; 0, which is before every row, if the cursor is invalid. */
export const cursorSeq = (cursor: string): number =>
  /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0

/**
 * With tags, the index of the first tag is read in the order of `seq`. The tasks are joined only
 * for other conditions.
 */
const matches = (sql: SqlClient, filter: TaskFilter) => {
  const others = columnsMatch(sql, filter)
  const [tag, ...tags] = new Set(filter.tags)
  if (tag === undefined)
    return { seq: sql.literal("t.seq"), from: sql.literal("tasks t"), conditions: others }
  const join = others.length === 0 ? "" : " JOIN tasks t ON t.seq = g.task_seq"
  const conditions = [
    sql`g.tag = ${tag}`,
    ...tags.map(
      (name) =>
        sql`EXISTS (SELECT 1 FROM task_tags o WHERE o.tag = ${name} AND o.task_seq = g.task_seq)`
    ),
    ...others
  ]
  return { seq: sql.literal("g.task_seq"), from: sql.literal(`task_tags g${join}`), conditions }
}

/** Hidden tasks are few: the others are not looked at one by one. */
const isHidden = (sql: SqlClient, hidden: boolean): Fragment =>
  sql.literal(
    hidden ? "t.hidden = 1" : "t.seq NOT IN (SELECT h.seq FROM tasks h WHERE h.hidden = 1)"
  )

/**
 * With ids, the index of the ids is read. Without statistics SQLite would prefer the index of a
 * status, so the other columns are hidden from it.
 */
const columnsMatch = (sql: SqlClient, filter: TaskFilter): ReadonlyArray<Fragment> => {
  const { ids, status, queue, sessionId, kind, pipelineId, source, hidden, workKey, since } = filter
  const column = (name: string) =>
    sql.literal(ids === undefined ? `t.${name}` : `coalesce(t.${name}, NULL)`)
  return [
    ids && sql`t.id IN ${sql.in(ids)}`,
    status && sql`${column("status")} IN ${sql.in(status)}`,
    queue === undefined ? undefined : sql`${column("queue")} = ${queue}`,
    sessionId === undefined ? undefined : sql`${column("session")} = ${sessionId}`,
    kind === undefined ? undefined : sql`${column("kind")} = ${kind}`,
    pipelineId === undefined ? undefined : sql`${column("pipeline")} = ${pipelineId}`,
    source === undefined ? undefined : sql`${column("source")} = ${sourceKey(source)}`,
    hidden === undefined ? undefined : isHidden(sql, hidden),
    workKey === undefined ? undefined : sql`${column("work_key")} = ${workKey}`,
    since === undefined ? undefined : sql`${column("created_at")} >= ${since}`
  ].filter((condition) => condition !== undefined)
}
