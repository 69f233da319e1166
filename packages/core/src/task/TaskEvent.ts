/** The events of a task. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { AttemptEnd } from "./AttemptEnd.ts"
import { Failure } from "./Failure.ts"
import { Lineage, StopSignal, TaskSpec } from "./TaskSpec.ts"
import { Owner } from "../identity/Owner.ts"
import { Postponement } from "./Postponement.ts"
import { StopIntent } from "./TaskState.ts"

const attempt = { attempt: Schema.Int, tries: Schema.Int }

/** When the attempt was spawned. The first event after the spawn carries it into the row. */
const spawn = { spawnedAt: Schema.optionalKey(Instant) }

/** One event of a task. */
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
    /** The changed fields, by their names in a payload. */
    changed: Schema.optionalKey(Schema.Array(Schema.String)),
    /** The new owner and lineage, if they changed. */
    owner: Schema.optionalKey(Owner),
    lineage: Schema.optionalKey(Lineage)
  }),
  Schema.Struct({
    type: Schema.tag("task.queued"),
    notBefore: Schema.NullOr(Instant),
    /** The end of the attempt that a restart stopped for this one. */
    end: Schema.optionalKey(AttemptEnd),
    /** Set if the system could not start the attempt. */
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
