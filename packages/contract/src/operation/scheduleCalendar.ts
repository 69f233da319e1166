/** The operations that show schedules over time, and the one that begins with some. */
import { ScheduleId } from "@backbeat/core/schedule/ScheduleId"
import * as Schema from "effect/Schema"
import { cutSchedules } from "../cutSchedule.ts"
import { about, between, Instant, more, optional } from "../fields.ts"
import { operation } from "../Operation.ts"
import { BriefSchedule, TickAnswer } from "../ScheduleAnswer.ts"
import { fullSchedule } from "./scheduleInput.ts"

const span = {
  from: optional(Instant, "from this instant on"),
  to: optional(Instant, "before this instant"),
  scheduleId: optional(ScheduleId, "only of this schedule"),
  limit: optional(between(1, 1000), "how many at most (default 100)")
}

/** Shows ticks that are to come. */
export const scheduleUpcoming = operation({
  name: "schedule upcoming",
  summary: "Show the ticks of active schedules in a span of time to come, in order.",
  input: Schema.Struct({
    ...span,
    from: about(span.from, "from this instant on (default: now)"),
    to: about(span.to, "before this instant (default: a day after from)")
  }),
  output: Schema.Struct({
    upcoming: Schema.Array(
      Schema.Struct({
        scheduleId: Schema.String,
        scheduledFor: Schema.String,
        title: optional(Schema.String, "the schedule's title")
      })
    ),
    more
  }),
  errors: ["CommandInputError", "ScheduleNotFound", "StoreError"],
  examples: [
    { title: "the next day", payload: {} },
    {
      title: "a week",
      payload: { from: "2099-06-01T00:00:00Z", to: "2099-06-08T00:00:00Z", limit: 500 }
    }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  web: "POST",
  mcp: { tool: "UpcomingRuns" }
})

/** Shows what became of ticks. */
export const scheduleRuns = operation({
  name: "schedule runs",
  summary: "Show what became of the ticks of all schedules in a span of time, in order.",
  input: Schema.Struct({
    ...span,
    from: about(span.from, "from this instant on (default: a day before to)"),
    to: about(span.to, "before this instant (default: now)")
  }),
  output: Schema.Struct({ runs: Schema.Array(TickAnswer), more }),
  errors: ["CommandInputError", "ScheduleNotFound", "StoreError"],
  examples: [
    { title: "the last day", payload: {} },
    {
      title: "one schedule",
      payload: { scheduleId: "weekday-report", from: "2026-01-01T00:00:00Z" }
    }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  human: "schedules",
  web: "POST",
  mcp: { tool: "ScheduleRuns" }
})

/** Makes schedules to begin with. */
export const scheduleExamples = operation({
  name: "schedule examples",
  environment: true,
  summary: "Create three paused example schedules: a script, a chain of steps, and a one-time run.",
  input: Schema.Struct({ full: fullSchedule }),
  output: Schema.Struct({ schedules: Schema.Array(BriefSchedule) }),
  cut: cutSchedules(),
  errors: ["CommandInputError", "IllegalTransition", "QuotaExceeded", "StoreError"],
  examples: [{ title: "the three", payload: {} }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  human: "schedules",
  web: "POST",
  mcp: { tool: "ScheduleExamples" }
})
