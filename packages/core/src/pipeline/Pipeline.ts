/** A pipeline: tasks that were started as one, and what has become of them as a whole. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Actor } from "../task/Actor.ts"
import { Owner } from "../task/TaskSpec.ts"
import { PipelineId } from "./PipelineId.ts"

/** Who asked for the cancellation, and why. */
const Cancellation = Schema.Struct({ by: Actor, reason: Schema.NullOr(Schema.String) })

/** When it was restarted last, if it was. */
const restartedAt = Schema.optionalKey(Instant)

/** Some of its tasks are not final; `cancelling` once somebody has asked for its end. */
const Running = Schema.Struct({
  status: Schema.tag("running"),
  cancelling: Schema.NullOr(Cancellation),
  restartedAt
})
/** All of its tasks ended as they should. */
const Completed = Schema.Struct({
  status: Schema.tag("completed"),
  endedAt: Instant,
  restartedAt
})
/** One of its tasks did not. */
const Failed = Schema.Struct({ status: Schema.tag("failed"), endedAt: Instant, restartedAt })
/** Somebody ended it; nothing of it runs. */
const Cancelled = Schema.Struct({
  status: Schema.tag("cancelled"),
  endedAt: Instant,
  restartedAt,
  ...Cancellation.fields
})

/** What a pipeline is now. All but `running` are final. */
export const PipelineState = Schema.Union([Running, Completed, Failed, Cancelled])
export type PipelineState = typeof PipelineState.Type

/** The name of a state. */
export const PipelineStatus = Schema.Literals(["running", "completed", "failed", "cancelled"])
export type PipelineStatus = typeof PipelineStatus.Type

/** A pipeline as it is stored. `taskIds` are its tasks as they were given, whatever the order in which they can run. */
export const Pipeline = Schema.Struct({
  id: PipelineId,
  name: Schema.NullOr(Schema.String),
  taskIds: Schema.Array(Schema.String),
  owner: Owner,
  createdAt: Schema.Finite,
  state: PipelineState
})
export type Pipeline = typeof Pipeline.Type
