/** A pipeline as callers see it. Times are ISO 8601 in UTC with milliseconds, durations milliseconds. */
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import { Actor } from "@backbeat/core/task/Actor"
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

/** What `pipeline list` shows of a pipeline. `cancelled` tells who asked for its end, already while that is under way. */
export const BriefPipeline = Schema.Struct(brief)
export type BriefPipeline = typeof BriefPipeline.Type

/** A pipeline with its tasks, in the order in which they were given. */
export const PipelineAnswer = Schema.Struct({ ...brief, tasks: Schema.Array(BriefTask) })
export type PipelineAnswer = typeof PipelineAnswer.Type
