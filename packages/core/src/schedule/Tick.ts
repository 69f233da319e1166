/** What became of a tick: a row of a schedule's history. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"

/** Why a tick did not fire, or fired late. */
export const Cause = Schema.Struct({
  type: Schema.Literals([
    /** An earlier run has not ended. */
    "overlap",
    /** A newer tick took the place of this one, which waited. */
    "superseded",
    /** The schedule that this one follows has not succeeded. */
    "predecessor",
    "paused",
    "cancelled",
    "updated",
    "expired",
    /** It could not be started; `message` says why. */
    "refused",
    /** The schedule cannot be read any more; `message` says why. */
    "invalid",
    /** Nothing fired it within `missedAfterMs`. */
    "late",
    /** More ticks were missed than are caught up. */
    "maxCatchup",
    "maxRuns"
  ]),
  runId: Schema.optionalKey(Schema.String),
  scheduleId: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(Schema.String),
  error: Schema.optionalKey(Schema.String),
  message: Schema.optionalKey(Schema.String)
})
export type Cause = typeof Cause.Type

/** What a tick has started: a task, a pipeline, or whatever else its schedule starts. */
export const Run = Schema.Struct({ kind: Schema.String, id: Schema.String })
export type Run = typeof Run.Type

/** What became of one tick, or of several in a row. */
export const TickResult = Schema.Literals(["fired", "skipped", "missed", "waiting"])
export type TickResult = typeof TickResult.Type

/** A row. `key` names it among those of its schedule. */
export interface Tick {
  readonly scheduleId: string
  readonly key: string
  readonly scheduledFor: number
  readonly manual: boolean
  /** When it fired, was skipped, or was noticed to be missed. */
  readonly at: number
  readonly result: TickResult
  readonly cause: Cause | null
  readonly run: Run | null
  /** How the run ended first, once it has. */
  readonly end: RunEnd | null
  /** More than one tick has one row only if none of them fired: how many, and the last of them. */
  readonly count: number
  readonly until: number | null
  /** The schedule whose run a waiting one waits for. */
  readonly awaits: string | null
}

/** How a run ended. */
export const RunEnd = Schema.Struct({ status: Schema.String, endedAt: Schema.Finite })
export type RunEnd = typeof RunEnd.Type
