/** A pipeline as a row. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Row } from "effect/sql/SqlConnection"
import { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { StoreError } from "../StoreError.ts"
import { damaged } from "./explain.ts"
import { describe, document } from "./TaskRow.ts"

const decode = Schema.decodeUnknownResult(Pipeline)

/** Begins every read of pipelines, which are `p`. */
export const selectPipelines =
  "SELECT p.seq, p.id, p.created_at, p.name, p.task_ids, p.owner, p.state FROM pipelines p"

/** The columns to write. */
export const pipelineRow = ({ id, name, taskIds, owner, createdAt, state }: Pipeline) => ({
  id,
  status: state.status,
  created_at: createdAt,
  name,
  task_ids: JSON.stringify(taskIds),
  owner: JSON.stringify(owner),
  state: JSON.stringify(state)
})

/** The pipelines of rows of `selectPipelines`. Fails with StoreError (damaged) that names the id of a row that is none. */
export const pipelinesOf = (
  path: string,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<Pipeline>, StoreError> =>
  Effect.forEach(rows, (row): Effect.Effect<Pipeline, StoreError> => {
    const pipeline = Result.flatMap(parse(row), decode)
    return Result.isFailure(pipeline)
      ? damaged(path, `pipeline ${String(row["id"])}: ${describe(pipeline.failure)}`)
      : Effect.succeed(pipeline.success)
  })

const parse = (row: Row) =>
  Result.try(() => ({
    id: row["id"],
    name: row["name"],
    taskIds: document(row, "task_ids"),
    owner: document(row, "owner"),
    createdAt: row["created_at"],
    state: document(row, "state")
  }))
