/** The history from a sequence on. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { EventFilter } from "../TaskStore.ts"
import { selectEvents } from "./EventRow.ts"

/** Up to how many tasks of a tag the events are gathered task by task; for more, the history is walked. */
const fewTasks = 500

/** Rows of the events that the filter matches, in the order of their sequence. */
export const readEvents = (sql: SqlClient, filter: EventFilter): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
  Effect.gen(function* () {
    const { since, taskIds, tag, types, limit } = filter
    const conditions: Array<Fragment> = [sql`e.sequence > ${since}`]
    if (taskIds !== undefined) conditions.push(sql`e.task_seq IN (SELECT seq FROM tasks WHERE ${sql.in("id", taskIds)})`)
    if (types !== undefined) conditions.push(sql.in("e.type", types))
    if (tag !== undefined) conditions.push(yield* isTagged(sql, tag))
    return yield* sql`${sql.literal(selectEvents)} WHERE ${sql.and(conditions)} ORDER BY e.sequence LIMIT ${limit}`
  })

const isTagged = (sql: SqlClient, tag: string): Effect.Effect<Fragment, SqlError> =>
  Effect.map(
    sql`SELECT 1 FROM task_tags WHERE tag = ${tag} LIMIT ${fewTasks + 1}`,
    (some) =>
      some.length > fewTasks
        ? sql`EXISTS (SELECT 1 FROM task_tags g WHERE g.tag = ${tag} AND g.task_seq = e.task_seq)`
        : sql`e.task_seq IN (SELECT task_seq FROM task_tags WHERE tag = ${tag})`
  )
