/**
 * Writes changes. Events get their sequences first, because a task's position in its queue is the
 * sequence of the event that queued it.
 */
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { TaskPosition, WrittenTasks } from "../TaskRows.ts"
import type { Change } from "../TaskStore.ts"
import { appendEvents, takeSequences } from "./appendEvents.ts"
import type { Prepared } from "./SqlDatabase.ts"
import { taskRow } from "./TaskRow.ts"

type TaskColumns = ReturnType<typeof taskRow>

/** A task to write. */
interface Draft {
  readonly row: TaskColumns
  readonly spec: TaskSpec
  /** Whether one of the events sets the specification. */
  readonly specified: boolean
  /** Whether one of the events creates the task. */
  readonly created: boolean
}

const columns = [
  "id",
  "status",
  "work_key",
  "queue",
  "priority",
  "kind",
  "session",
  "created_at",
  "due_at",
  "queued_seq",
  "ended_at",
  "waits_in",
  "runs_in",
  "restart_count",
  "owner",
  "lineage",
  "pipeline",
  "batch",
  "batch_limit",
  "source",
  "hidden",
  "state"
] as const satisfies ReadonlyArray<keyof TaskColumns>

const assigned = columns.flatMap((name) => {
  if (name === "id") return []
  return name === "queued_seq"
    ? "queued_seq = CASE WHEN excluded.queued_seq > 0 THEN excluded.queued_seq ELSE tasks.queued_seq END"
    : `${name} = excluded.${name}`
})

const returned =
  "RETURNING seq, EXISTS (SELECT 1 FROM task_specs s WHERE s.task_seq = tasks.seq) AS specified"

/** Inserts a task, or updates all of its columns. */
const upsert = `INSERT INTO tasks (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
  ON CONFLICT (id) DO UPDATE SET ${assigned.join(", ")} ${returned}`

/**
 * Updates only the columns that a transition changes, so that the other indexes are not written.
 */
const update = `UPDATE tasks SET status = ?, due_at = ?, queued_seq = CASE WHEN ? > 0 THEN ? ELSE queued_seq END, ended_at = ?,
  waits_in = ?, runs_in = ?, restart_count = ?, state = ? WHERE id = ? RETURNING seq, 1 AS specified`

const recordId = "INSERT INTO ids (id, kind) VALUES (?, 'task') ON CONFLICT (id) DO NOTHING"

/** Writes the rows and appends the events. Must run in a transaction. */
export const recordChanges = (
  prepared: Prepared,
  changes: ReadonlyArray<Change>
): Effect.Effect<WrittenTasks, SqlError> =>
  Effect.gen(function* () {
    const count = changes.reduce((sum, { events }) => sum + events.length, 0)
    const { recorded, drafts } = assignSequences(changes, yield* takeSequences(prepared, count))
    const positions = new Map<string, TaskPosition>()
    for (const [id, draft] of drafts) {
      if (draft.created) yield* prepared(recordId, [id])
      const seq = yield* writeTask(prepared, draft)
      positions.set(id, { seq, queuedSeq: draft.row.queued_seq })
    }
    yield* appendEvents(prepared, recorded)
    return { recorded, positions }
  })

/** Assigns the sequences, and merges several changes of a task into one row. */
const assignSequences = (changes: ReadonlyArray<Change>, last: number) => {
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
    const created = earlier?.created === true || events.some(creates)
    drafts.set(task.id, { row: taskRow(task, queuedSeq), spec: task.spec, specified, created })
  }
  return { recorded, drafts }
}

const queues = (event: TaskEvent): boolean =>
  event.type === "task.queued" || (event.type === "task.created" && !event.blocked)

const creates = ({ type }: TaskEvent): boolean => type === "task.created"

const specifies = (event: TaskEvent): boolean => creates(event) || event.type === "task.changed"

/**
 * Updates the state columns; writes all columns if the specification changed or the row does not
 * exist.
 */
const writeRow = (prepared: Prepared, { row, specified }: Draft) =>
  Effect.gen(function* () {
    if (!specified) {
      const { queued_seq: queuedSeq } = row
      const [updated] = yield* prepared(update, [
        row.status,
        row.due_at,
        queuedSeq,
        queuedSeq,
        row.ended_at,
        row.waits_in,
        row.runs_in,
        row.restart_count,
        row.state,
        row.id
      ])
      if (updated !== undefined) return updated
    }
    const values = columns.map((name) => row[name])
    const [written] = yield* prepared(upsert, values)
    return written
  })

/** Writes the row, and a new specification. Returns the number of the row. */
const writeTask = (prepared: Prepared, draft: Draft): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const written = yield* writeRow(prepared, draft)
    const seq = Number(written?.["seq"])
    const before = Boolean(written?.["specified"])
    if (draft.specified || !before) yield* writeSpec(prepared, seq, { spec: draft.spec, before })
    return seq
  })

/** Replaces a specification and its tags. */
const writeSpec = (
  prepared: Prepared,
  seq: number,
  { spec, before }: { readonly spec: TaskSpec; readonly before: boolean }
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    yield* prepared(
      "INSERT INTO task_specs (task_seq, spec) VALUES (?, ?) ON CONFLICT (task_seq) DO UPDATE SET spec = excluded.spec",
      [seq, JSON.stringify(spec)]
    )
    if (before) yield* prepared("DELETE FROM task_tags WHERE task_seq = ?", [seq])
    for (const tag of new Set(spec.tags))
      yield* prepared("INSERT INTO task_tags (tag, task_seq) VALUES (?, ?)", [tag, seq])
  })
