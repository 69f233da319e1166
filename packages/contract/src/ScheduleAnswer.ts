/** A schedule as callers see it. Times are ISO 8601 in UTC with milliseconds, durations milliseconds. */
import { Actor } from "@backbeat/core/history/Actor"
import { MissedRunPolicy, Overlap, ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import { Cause, TickResult } from "@backbeat/core/schedule/Tick"
import * as Schema from "effect/Schema"
import { about, optional } from "./fields.ts"

/** What a tick has started, and how that stands. */
const RunAnswer = Schema.Struct({
  kind: about(Schema.String, "what it is: task or pipeline"),
  id: about(Schema.String, "its id: status, wait, logs and stop take it"),
  status: Schema.String,
  durationMs: optional(Schema.Finite, "how long it ran, once it has ended")
})

/** A row of the history: what became of a tick, or of several in a row that did not fire. */
export const TickAnswer = Schema.Struct({
  tick: about(Schema.String, "the tick's name in its schedule; the run's id ends with it"),
  scheduleId: optional(Schema.String, "whose tick it is, where several schedules are shown"),
  scheduledFor: Schema.String,
  firedAt: optional(Schema.String, "when it fired"),
  latenessMs: optional(Schema.Finite, "how much later than scheduled it fired"),
  manual: optional(Schema.Boolean, "true for a run that trigger started"),
  result: TickResult,
  cause: optional(Cause, "why it did not fire"),
  run: optional(RunAnswer, "what it started"),
  count: optional(Schema.Int, "for several ticks in a row: how many"),
  until: optional(Schema.String, "for several ticks in a row: the last of them")
})
export type TickAnswer = typeof TickAnswer.Type

const brief = {
  id: Schema.String,
  title: optional(Schema.String, "its title, when it has one"),
  status: ScheduleStatus,
  nextRun: optional(Schema.String, "when it fires next, its jitter included"),
  description: optional(Schema.String, "when it runs, in words"),
  lastRun: optional(TickAnswer, "the newest row of its history"),
  unfiredCount: optional(Schema.Int, "ticks that were skipped or missed since the last that fired"),
  isPipeline: optional(Schema.Boolean, "true when each tick starts a pipeline"),
  stepCount: optional(Schema.Int, "how many tasks that pipeline has"),
  reason: optional(Schema.String, "why it is paused or has ended")
}

/** A schedule in a list. */
export const BriefSchedule = Schema.Struct(brief)
export type BriefSchedule = typeof BriefSchedule.Type

/** A schedule by itself. */
export const ScheduleAnswer = Schema.Struct({
  ...brief,
  nextRuns: optional(Schema.Array(Schema.String), "the next five ticks, without jitter"),
  scheduleType: optional(
    Schema.Literals(["cron", "one_time", "manual"]),
    "whether it ticks by an expression, once, or on request"
  ),
  cronExpression: optional(Schema.String, "its expression"),
  timezone: optional(Schema.String, "the zone of its expression"),
  scheduledAt: optional(Schema.String, "when a one-time schedule runs"),
  jitterMs: optional(Schema.Int, "the longest delay of a tick"),
  missedRunPolicy: optional(MissedRunPolicy, "what becomes of missed ticks"),
  missedAfterMs: optional(Schema.Int, "how late a tick may fire"),
  maxCatchup: optional(Schema.Int, "the most missed ticks that are caught up"),
  overlap: optional(Overlap, "what a tick does while an earlier run has not ended"),
  maxRuns: optional(Schema.Int, "after how many runs it is completed"),
  expiresAt: optional(Schema.String, "when it expires"),
  afterScheduleId: optional(Schema.String, "the schedule that it follows"),
  retainRuns: optional(Schema.Int, "how many runs keep their output"),
  work: optional(Schema.JsonObject, "what each tick starts, as it was given"),
  envKeys: optional(
    Schema.Array(Schema.String),
    "the variables that were given; never their values"
  ),
  cwd: optional(Schema.String, "where its runs begin"),
  revision: about(Schema.Int, "what update needs: raised by update, pause and resume"),
  runCount: optional(Schema.Int, "how many ticks have fired, if any"),
  createdAt: optional(Schema.String, "when it was created"),
  endedAt: optional(Schema.String, "when it ended"),
  paused: optional(
    Schema.Struct({ at: Schema.String, by: Actor }),
    "since when it is paused, and by whom"
  ),
  cancelledBy: optional(Actor, "who cancelled it"),
  waiting: optional(
    Schema.Struct({
      scheduledFor: Schema.String,
      awaits: about(Schema.String, "the schedule whose run it waits for")
    }),
    "a tick that waits for a run to end"
  ),
  backlog: optional(Schema.Array(Schema.String), "missed ticks that are still caught up")
})
export type ScheduleAnswer = typeof ScheduleAnswer.Type
