/** Rows of tasks: JSON documents, and the columns by which tasks are found. */
import { workKey } from "@backbeat/core/task/workKey"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Row } from "effect/sql/SqlConnection"
import { Task } from "@backbeat/core/task/Task"
import { ownerKey } from "@backbeat/core/identity/Owner"
import type { Source } from "@backbeat/core/task/TaskSpec"
import { dueAt, endedAt, holdsSlot } from "@backbeat/core/task/TaskState"
import type { StoreError } from "../StoreError.ts"
import type { Damaged } from "./SqlDatabase.ts"

const decode = Schema.decodeUnknownResult(Task)

/** The start of every query for tasks; `t` is the narrow table, `s` the specifications. */
export const selectTasks = `SELECT t.seq, t.queued_seq, t.priority, t.id, t.created_at, t.restart_count, t.owner, t.lineage, t.state, s.spec
  FROM tasks t JOIN task_specs s ON s.task_seq = t.seq`

/** The key of a source, by which its tasks are found. */
export const sourceKey = ({ kind, id }: Pick<Source, "kind" | "id">): string => `${kind} ${id}`

/**
 * The columns of a task, without the specification. `queuedSeq` is the sequence of the event that
 * queued it, 0 if no event of this write did.
 */
export const taskRow = (task: Task, queuedSeq: number) => ({
  id: task.id,
  status: task.state.status,
  work_key: workKey(task.spec),
  queue: task.spec.queue,
  priority: task.spec.priority,
  kind: task.spec.work.kind,
  session: ownerKey(task.owner),
  created_at: task.createdAt,
  due_at: dueAt(task.state),
  queued_seq: queuedSeq,
  ended_at: endedAt(task.state),
  waits_in: task.state.status === "queued" ? task.spec.queue : null,
  runs_in: holdsSlot(task.state) ? task.spec.queue : null,
  restart_count: task.restartCount,
  owner: JSON.stringify(task.owner),
  lineage: JSON.stringify(task.lineage),
  pipeline: task.lineage.pipelineId,
  batch: task.lineage.batch?.id ?? null,
  batch_limit: task.lineage.batch?.limit ?? null,
  source: task.lineage.source === undefined ? null : sourceKey(task.lineage.source),
  hidden: task.lineage.source?.hidden === true ? 1 : 0,
  state: JSON.stringify(task.state)
})

/**
 * Decodes rows of `selectTasks`. Fails with StoreError (damaged), which names the id of an invalid
 * row.
 */
export const tasksOf = (
  damaged: Damaged,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<Task>, StoreError> =>
  Effect.suspend(() => {
    const tasks: Array<Task> = []
    for (const row of rows) {
      const task = Result.flatMap(parse(row), decode)
      if (Result.isFailure(task))
        return damaged(`task ${String(row["id"])}: ${describe(task.failure)}`)
      tasks.push(task.success)
    }
    return Effect.succeed(tasks)
  })

/** A decoding error as one line. */
export const describe = (failure: unknown): string =>
  (failure instanceof Error ? failure.message : String(failure)).replaceAll(/\s+/g, " ")

/** Reads the JSON of a column. */
export const document = (row: Row, column: string): unknown => JSON.parse(String(row[column]))

const parse = (row: Row) =>
  Result.try(() => ({
    id: row["id"],
    spec: document(row, "spec"),
    owner: document(row, "owner"),
    lineage: document(row, "lineage"),
    createdAt: row["created_at"],
    restartCount: row["restart_count"],
    state: document(row, "state")
  }))
