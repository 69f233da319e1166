/** What has happened to a task. The history that every surface reads. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { AttemptEnd } from "./AttemptEnd.ts"
import { Failure } from "./Failure.ts"
import { Lineage, Owner, StopSignal, TaskSpec } from "./TaskSpec.ts"
import { Postponement } from "./Postponement.ts"
import { StopIntent } from "./TaskState.ts"

const attempt = { attempt: Schema.Int, tries: Schema.Int }

/** When the attempt was spawned, on the events of one that was: the first of them is what the row learns it from. */
const spawn = { spawnedAt: Schema.optionalKey(Instant) }

/** One thing that happened to a task. */
export const TaskEvent = Schema.Union([
  Schema.Struct({
    type: Schema.tag("task.created"),
    spec: TaskSpec,
    owner: Owner,
    lineage: Lineage,
    blocked: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.tag("task.changed"),
    spec: TaskSpec,
    /** The fields that changed, as a payload names them. */
    changed: Schema.optionalKey(Schema.Array(Schema.String)),
    /** Whose it is and where it comes from, when that changed. */
    owner: Schema.optionalKey(Owner),
    lineage: Schema.optionalKey(Lineage)
  }),
  Schema.Struct({
    type: Schema.tag("task.queued"),
    notBefore: Schema.NullOr(Instant),
    /** How the attempt ended that made way for this one. */
    end: Schema.optionalKey(AttemptEnd),
    /** When the system refused to start it. */
    postponed: Schema.optionalKey(Postponement),
    ...attempt
  }),
  Schema.Struct({ type: Schema.tag("task.blocked"), ...attempt }),
  Schema.Struct({ type: Schema.tag("task.started"), probed: Schema.Boolean, ...attempt }),
  Schema.Struct({ type: Schema.tag("task.ready"), ...spawn }),
  Schema.Struct({ type: Schema.tag("task.unhealthy"), output: Schema.String, ...spawn }),
  Schema.Struct({
    type: Schema.tag("task.stopping"),
    ...spawn,
    intent: StopIntent,
    signal: StopSignal,
    killAt: Instant,
    reason: Schema.NullOr(Schema.String)
  }),
  Schema.Struct({
    type: Schema.tag("task.retrying"),
    ...spawn,
    retryAt: Instant,
    failure: Schema.NullOr(Failure),
    end: AttemptEnd,
    tries: Schema.Int
  }),
  Schema.Struct({ type: Schema.tag("task.completed"), end: AttemptEnd, ...spawn }),
  Schema.Struct({ type: Schema.tag("task.failed"), failure: Failure, end: AttemptEnd, ...spawn }),
  Schema.Struct({
    type: Schema.tag("task.cancelled"),
    ...spawn,
    reason: Schema.NullOr(Schema.String),
    failure: Schema.NullOr(Failure),
    end: Schema.NullOr(AttemptEnd)
  })
])
export type TaskEvent = typeof TaskEvent.Type
