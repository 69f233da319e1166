/** What has happened to a schedule. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Owner } from "../identity/Owner.ts"
import { Counting, Definition, Waiting } from "./Schedule.ts"
import { Cause, Run } from "./Tick.ts"

const reason = Schema.NullOr(Schema.String)

/** Ticks that did not fire: how many, from the first to the last. */
const unfired = {
  tick: Instant,
  manual: Schema.Boolean,
  until: Instant,
  count: Schema.Int,
  cause: Cause
}

/** One thing that happened to a schedule. `counting` is where it stands after it. */
export const ScheduleEvent = Schema.Union([
  /** Also of one that takes the place of an earlier one with its id. */
  Schema.Struct({
    type: Schema.tag("schedule.created"),
    definition: Definition,
    owner: Owner,
    paused: Schema.Boolean,
    counting: Counting
  }),
  /** `counting` when its ticks are counted anew. */
  Schema.Struct({
    type: Schema.tag("schedule.updated"),
    definition: Definition,
    changed: Schema.Array(Schema.String),
    counting: Schema.NullOr(Counting)
  }),
  Schema.Struct({ type: Schema.tag("schedule.paused"), reason }),
  Schema.Struct({ type: Schema.tag("schedule.resumed"), counting: Counting }),
  Schema.Struct({
    type: Schema.tag("schedule.fired"),
    tick: Instant,
    manual: Schema.Boolean,
    latenessMs: Schema.Finite,
    run: Run,
    counting: Counting
  }),
  Schema.Struct({ type: Schema.tag("schedule.skipped"), ...unfired, counting: Counting }),
  Schema.Struct({ type: Schema.tag("schedule.missed"), ...unfired, counting: Counting }),
  /** Ticks wait for a run to end. */
  Schema.Struct({
    type: Schema.tag("schedule.waiting"),
    waiting: Schema.NullOr(Waiting),
    backlog: Schema.Array(Instant),
    counting: Counting
  }),
  /** The run that a tick waited for has ended. */
  Schema.Struct({ type: Schema.tag("schedule.released") }),
  /** The clock or the rules of its zone were changed, or a tick had fired before: ticks are counted anew. */
  Schema.Struct({ type: Schema.tag("schedule.counted"), counting: Counting }),
  Schema.Struct({ type: Schema.tag("schedule.completed"), reason: Schema.String }),
  Schema.Struct({ type: Schema.tag("schedule.cancelled"), reason }),
  Schema.Struct({ type: Schema.tag("schedule.expired") })
])
export type ScheduleEvent = typeof ScheduleEvent.Type
