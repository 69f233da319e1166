/**
 * A pipeline: several tasks that one call started, and their state as a whole. Instants are epoch
 * milliseconds.
 */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Actor } from "../history/Actor.ts"
import { Owner } from "../identity/Owner.ts"
import { PipelineId } from "./PipelineId.ts"

/** Who cancelled the pipeline, and why. */
const Cancellation = Schema.Struct({ by: Actor, reason: Schema.NullOr(Schema.String) })

/** When it was last restarted; absent if never. */
const restartedAt = Schema.optionalKey(Instant)

/** Some of its tasks have not ended. `cancelling` is set once a caller has cancelled it. */
const Running = Schema.Struct({
  status: Schema.tag("running"),
  cancelling: Schema.NullOr(Cancellation),
  restartedAt
})
/** No task of it failed. */
const Completed = Schema.Struct({
  status: Schema.tag("completed"),
  endedAt: Instant,
  restartedAt
})
/** A task of it failed, or was cancelled. */
const Failed = Schema.Struct({ status: Schema.tag("failed"), endedAt: Instant, restartedAt })
/** A caller cancelled it, and none of its tasks runs. */
const Cancelled = Schema.Struct({
  status: Schema.tag("cancelled"),
  endedAt: Instant,
  restartedAt,
  ...Cancellation.fields
})

/** The state of a pipeline. All but `running` are final. */
export const PipelineState = Schema.Union([Running, Completed, Failed, Cancelled])
export type PipelineState = typeof PipelineState.Type

/** The name of a state. */
export const PipelineStatus = Schema.Literals(["running", "completed", "failed", "cancelled"])
export type PipelineStatus = typeof PipelineStatus.Type

/**
 * A pipeline as it is stored. `taskIds` has its tasks in the order of the call, not in that of
 * execution.
 */
export const Pipeline = Schema.Struct({
  id: PipelineId,
  name: Schema.NullOr(Schema.String),
  taskIds: Schema.Array(Schema.String),
  owner: Owner,
  createdAt: Schema.Finite,
  state: PipelineState
})
export type Pipeline = typeof Pipeline.Type
