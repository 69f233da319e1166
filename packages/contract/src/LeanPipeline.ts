/** A pipeline as answers show it, unless `full` asks for every field. */
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import { Actor } from "@backbeat/core/history/Actor"
import { statuses } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { optional } from "./fields.ts"
import { LeanBriefTask } from "./LeanTask.ts"
import { BriefPipeline, PipelineAnswer } from "./PipelineAnswer.ts"

const brief = {
  id: Schema.String,
  name: optional(Schema.String, "its name, when it has one"),
  status: PipelineStatus,
  createdAt: optional(
    Schema.String,
    "when it was made; not in the answer that made it, and not in one that waited"
  ),
  durationMs: optional(
    Schema.Finite,
    "from when it was made, or last restarted, to its end, once it has ended"
  ),
  counts: optional(
    Schema.Record(Schema.Literals(statuses), Schema.optionalKey(Schema.Int)),
    "how many of its tasks are in each status that any of them is in"
  ),
  cancelled: optional(
    Schema.Struct({
      by: optional(Actor, "who requested its stop, if not the caller's session"),
      reason: optional(Schema.String, "the reason that was given")
    }),
    "if another call requested its stop"
  )
}

/** A pipeline in a list. */
export const LeanBriefPipeline = Schema.Struct(brief)
export type LeanBriefPipeline = typeof LeanBriefPipeline.Type

/** A pipeline with its tasks, in the order of the payload. */
export const LeanPipeline = Schema.Struct({ ...brief, tasks: Schema.Array(LeanBriefTask) })
export type LeanPipeline = typeof LeanPipeline.Type

/** A pipeline whose end was awaited; how its tasks ended is shown beside it. */
export const EndedPipeline = Schema.Struct({
  id: brief.id,
  status: brief.status,
  durationMs: brief.durationMs
})
export type EndedPipeline = typeof EndedPipeline.Type

/** One pipeline in an answer: every field with `full`. */
export const ShownPipeline = Schema.Union([PipelineAnswer, LeanPipeline])
export type ShownPipeline = typeof ShownPipeline.Type

/** A pipeline in a list. */
export const ShownBriefPipeline = Schema.Union([BriefPipeline, LeanBriefPipeline])
export type ShownBriefPipeline = typeof ShownBriefPipeline.Type
