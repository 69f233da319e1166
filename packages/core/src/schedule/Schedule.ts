/** A schedule: what it starts, when, and how it stands now. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Actor } from "../history/Actor.ts"
import { Instant } from "../history/Instant.ts"
import { Owner } from "../identity/Owner.ts"
import { ScheduleId } from "./ScheduleId.ts"
import { Next, Timing } from "./Timing.ts"

/** What each tick starts: the payload of another operation, by the kind of what that makes. */
export const ScheduledWork = Schema.Struct({
  kind: Schema.String,
  payload: Schema.JsonObject,
  stepCount: Schema.Int,
  /** The names of the variables that were given. Their values are kept outside of the store. */
  envKeys: Schema.Array(Schema.String)
})
export type ScheduledWork = typeof ScheduledWork.Type

/** Where what it starts begins: as its maker would have started it. `environmentKey` names what is kept of the maker's environment. */
export const Surroundings = Schema.Struct({
  environmentKey: Schema.String,
  cwd: Schema.String,
  umask: Schema.Int,
  processLimits: Schema.optionalKey(
    Schema.Struct({
      nice: Schema.optionalKey(Schema.Int),
      soft: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  )
})

/** What to do with ticks that nobody fired in time. */
export const MissedRunPolicy = Schema.Literals(["skip", "catchup", "fail"])

/** What a tick does while an earlier run has not ended. */
export const Overlap = Schema.Literals(["skip", "queue", "allow", "replace"])

/** The rules of a schedule. */
export const Policy = Schema.Struct({
  missedRunPolicy: MissedRunPolicy,
  missedAfterMs: Schema.Int,
  maxCatchup: Schema.Int,
  overlap: Overlap,
  maxRuns: Schema.NullOr(Schema.Int),
  expiresAt: Schema.NullOr(Instant),
  afterScheduleId: Schema.NullOr(Schema.String),
  retainRuns: Schema.Int
})
export type Policy = typeof Policy.Type

/** From which tick on ticks are counted (exclusive), and the next one. */
export const Counting = Schema.Struct({ countedFrom: Instant, next: Schema.NullOr(Next) })
export type Counting = typeof Counting.Type

/** A tick that waits for a run to end: one of its own schedule, or of the one that it follows (`awaits`). */
export const Waiting = Schema.Struct({
  tick: Instant,
  manual: Schema.Boolean,
  awaits: Schema.String
})
export type Waiting = typeof Waiting.Type

/** It ticks. `backlog` are missed ticks that are caught up one after the other; `releasedAt` is when the run ended for which one of them waited. */
const Active = Schema.Struct({
  status: Schema.tag("active"),
  ...Counting.fields,
  waiting: Schema.NullOr(Waiting),
  backlog: Schema.Array(Instant),
  releasedAt: Schema.NullOr(Instant)
})
/** Somebody, or a missed tick under the policy `fail`, keeps it from ticking. */
const Paused = Schema.Struct({
  status: Schema.tag("paused"),
  countedFrom: Instant,
  pausedAt: Instant,
  by: Actor,
  reason: Schema.NullOr(Schema.String)
})
/** No tick follows: `reason` says why. */
const Completed = Schema.Struct({
  status: Schema.tag("completed"),
  endedAt: Instant,
  reason: Schema.String
})
/** Somebody ended it. */
const Cancelled = Schema.Struct({
  status: Schema.tag("cancelled"),
  endedAt: Instant,
  by: Actor,
  reason: Schema.NullOr(Schema.String)
})
/** Its `expiresAt` has come. */
const Expired = Schema.Struct({ status: Schema.tag("expired"), endedAt: Instant })

/** How a schedule stands. */
export const ScheduleState = Schema.Union([Active, Paused, Completed, Cancelled, Expired])
export type ScheduleState = typeof ScheduleState.Type
export type ActiveState = typeof Active.Type

/** The name of a state. */
export const ScheduleStatus = Schema.Literals([
  "active",
  "paused",
  "completed",
  "cancelled",
  "expired"
])
export type ScheduleStatus = typeof ScheduleStatus.Type

/** What people say of a schedule, and change. */
export const Definition = Schema.Struct({
  title: Schema.NullOr(Schema.String),
  work: ScheduledWork,
  surroundings: Surroundings,
  timing: Timing,
  policy: Policy
})
export type Definition = typeof Definition.Type

/** A schedule as it is stored. */
export const Schedule = Schema.Struct({
  id: ScheduleId,
  owner: Owner,
  createdAt: Schema.Finite,
  ...Definition.fields,
  /** Raised by every change that people make, from 1. */
  revision: Schema.Int,
  /** Ticks that fired; runs by hand are not counted. */
  runCount: Schema.Int,
  /** Ticks that were skipped or missed since the last one that fired. */
  unfiredCount: Schema.Int,
  state: ScheduleState
})
export type Schedule = typeof Schedule.Type
