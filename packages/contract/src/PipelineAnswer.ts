/** A pipeline as callers see it. Times are ISO 8601 in UTC with milliseconds, durations milliseconds. */
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import { Actor } from "@backbeat/core/history/Actor"
import { statuses } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { BriefTask } from "./TaskAnswer.ts"

const brief = {
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  status: PipelineStatus,
  createdAt: Schema.String,
  endedAt: Schema.NullOr(Schema.String),
  durationMs: Schema.NullOr(Schema.Finite),
  stepCount: Schema.Int,
  counts: Schema.Record(Schema.Literals(statuses), Schema.Int),
  cancelled: Schema.NullOr(Schema.Struct({ by: Actor, reason: Schema.NullOr(Schema.String) }))
}

/**
 * A pipeline in `pipeline list`. `cancelled` says who requested the cancellation, even while it is
 * under way.
 */
export const BriefPipeline = Schema.Struct(brief)
export type BriefPipeline = typeof BriefPipeline.Type

/** A pipeline with its tasks, in the order of the payload. */
export const PipelineAnswer = Schema.Struct({ ...brief, tasks: Schema.Array(BriefTask) })
export type PipelineAnswer = typeof PipelineAnswer.Type
