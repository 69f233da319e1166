/** The events of a pipeline. */
import * as Schema from "effect/Schema"
import { Owner } from "../identity/Owner.ts"

/** One event of a pipeline. */
export const PipelineEvent = Schema.Union([
  Schema.Struct({
    type: Schema.tag("pipeline.created"),
    name: Schema.NullOr(Schema.String),
    taskIds: Schema.Array(Schema.String),
    owner: Owner
  }),
  Schema.Struct({ type: Schema.tag("pipeline.cancelling"), reason: Schema.NullOr(Schema.String) }),
  Schema.Struct({ type: Schema.tag("pipeline.completed") }),
  /** `taskId` is the first of its tasks that failed or was cancelled. */
  Schema.Struct({ type: Schema.tag("pipeline.failed"), taskId: Schema.String }),
  Schema.Struct({ type: Schema.tag("pipeline.cancelled"), reason: Schema.NullOr(Schema.String) }),
  /** It had ended, and some or all of its tasks are run again. */
  Schema.Struct({ type: Schema.tag("pipeline.restarted"), reason: Schema.NullOr(Schema.String) })
])
export type PipelineEvent = typeof PipelineEvent.Type
