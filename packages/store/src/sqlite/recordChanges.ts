/** Writes changes: the history first, because a task's place in its queue is the sequence of the event that put it there. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import type { Change } from "../TaskStore.ts"
import { appendEvents, takeSequences } from "./appendEvents.ts"
import { inParts } from "./inParts.ts"
import { noteIds } from "./SqliteIdStore.ts"
import { taskRow } from "./TaskRow.ts"

/** A task as it is to be written. */
interface Draft {
  readonly row: ReturnType<typeof taskRow>
  readonly spec: TaskSpec
  /** Whether one of the events gave it this specification. */
  readonly specified: boolean
}

/** A task's row as it stands: its number, and whether its specification is there. */
interface Written {
  readonly id: string
  readonly seq: number
  readonly specified: number | boolean
}

/** Writes the rows and appends the events. Belongs into a transaction. */
export const recordChanges = (
  sql: SqlClient,
  changes: ReadonlyArray<Change>
): Effect.Effect<ReadonlyArray<RecordedTaskEvent>, SqlError> =>
  Effect.gen(function* () {
    const count = changes.reduce((sum, { events }) => sum + events.length, 0)
    const { recorded, drafts } = layOut(changes, yield* takeSequences(sql, count))
    yield* noteIds(
      sql,
      "task",
      changes.flatMap(({ task, events }) =>
        events.some(({ type }) => type === "task.created") ? [task.id] : []
      )
    )
    const written = yield* writeTasks(sql, [...drafts.values()])
    yield* writeSpecs(
      sql,
      written.flatMap(({ id, seq, specified }) => {
        const draft = drafts.get(id)
        return draft !== undefined && (draft.specified || !specified)
          ? [{ seq, spec: draft.spec, replaces: Boolean(specified) }]
          : []
      })
    )
    yield* appendEvents(sql, recorded)
    return recorded
  })

/** Gives each event its sequence and each task one row, also when a task changes more than once. */
const layOut = (changes: ReadonlyArray<Change>, last: number) => {
  const recorded: Array<RecordedTaskEvent> = []
  const drafts = new Map<string, Draft>()
  for (const { task, events, at, actor } of changes) {
    const earlier = drafts.get(task.id)
    let queuedSeq = earlier?.row.queued_seq ?? 0
    for (const event of events) {
      const sequence = last + recorded.length + 1
      recorded.push({ subject: "task", id: task.id, sequence, at, actor, event })
      if (queues(event)) queuedSeq = sequence
    }
    const specified = earlier?.specified === true || events.some(specifies)
    drafts.set(task.id, { row: taskRow(task, queuedSeq), spec: task.spec, specified })
  }
  return { recorded, drafts }
}

const queues = (event: TaskEvent): boolean =>
  event.type === "task.queued" || (event.type === "task.created" && !event.blocked)

const specifies = (event: TaskEvent): boolean =>
  event.type === "task.created" || event.type === "task.changed"

const writeTasks = (
  sql: SqlClient,
  drafts: ReadonlyArray<Draft>
): Effect.Effect<ReadonlyArray<Written>, SqlError> =>
  Effect.gen(function* () {
    const written: Array<Written> = []
    for (const part of inParts(drafts.map(({ row }) => row))) {
      const rows = yield* sql<Written>`
        INSERT INTO tasks ${sql.insert(part)}
        ON CONFLICT (id) DO UPDATE SET
          status = excluded.status, work_key = excluded.work_key, queue = excluded.queue, priority = excluded.priority, kind = excluded.kind,
          session = excluded.session, created_at = excluded.created_at, due_at = excluded.due_at,
          queued_seq = CASE WHEN excluded.queued_seq > 0 THEN excluded.queued_seq ELSE tasks.queued_seq END,
          ended_at = excluded.ended_at, waits_in = excluded.waits_in, runs_in = excluded.runs_in, restart_count = excluded.restart_count,
          owner = excluded.owner, lineage = excluded.lineage, pipeline = excluded.pipeline, batch = excluded.batch, batch_limit = excluded.batch_limit, state = excluded.state
        RETURNING id, seq, EXISTS (SELECT 1 FROM task_specs s WHERE s.task_seq = tasks.seq) AS specified`
      written.push(...rows)
    }
    return written
  })

/** Writes specifications and their tags over those of before. */
const writeSpecs = (
  sql: SqlClient,
  specs: ReadonlyArray<{
    readonly seq: number
    readonly spec: TaskSpec
    readonly replaces: boolean
  }>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    for (const part of inParts(
      specs.map(({ seq, spec }) => ({ task_seq: seq, spec: JSON.stringify(spec) }))
    )) {
      yield* sql`INSERT INTO task_specs ${sql.insert(part)} ON CONFLICT (task_seq) DO UPDATE SET spec = excluded.spec`
    }
    for (const part of inParts(specs.filter(({ replaces }) => replaces).map(({ seq }) => seq))) {
      yield* sql`DELETE FROM task_tags WHERE ${sql.in("task_seq", part)}`
    }
    const tags = specs.flatMap(({ seq, spec }) =>
      [...new Set(spec.tags)].map((tag) => ({ tag, task_seq: seq }))
    )
    for (const part of inParts(tags)) yield* sql`INSERT INTO task_tags ${sql.insert(part)}`
  })
