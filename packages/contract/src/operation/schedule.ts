/** The operations that make, show and change schedules. */
import { ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import { ScheduleId } from "@backbeat/core/schedule/ScheduleId"
import * as Schema from "effect/Schema"
import { cutSchedules } from "../cutSchedule.ts"
import { about, atLeastOne, between, counted, next, optional, page, warnings } from "../fields.ts"
import { operation } from "../Operation.ts"
import { BriefSchedule, ScheduleAnswer, TickAnswer } from "../ScheduleAnswer.ts"
import { fullSchedule, ScheduleChanges, ScheduleInput } from "./scheduleInput.ts"

/** What every operation on one schedule answers with. */
export const answered = { schedule: ScheduleAnswer, warnings }

/** The id of a schedule that exists. */
export const scheduleId = about(ScheduleId, "the schedule's id")

/** Makes a schedule. */
export const scheduleCreate = operation({
  name: "schedule create",
  environment: true,
  summary: "Run a command, script, prompt or pipeline by a cron expression, once, or on request.",
  input: ScheduleInput,
  output: Schema.Struct({
    ...answered,
    existing: optional(Schema.Boolean, "with ifExists return: true if it was there already"),
    differs: optional(
      Schema.Array(Schema.String),
      "the fields in which the payload differs from that schedule"
    )
  }),
  cut: cutSchedules({ carried: true }),
  errors: [
    "CommandInputError",
    "ScheduleNotFound",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "IllegalTransition",
    "QuotaExceeded",
    "StoreError"
  ],
  insteadOf: {
    cron: 'Write "cronExpression".',
    schedule: 'Write "cronExpression".',
    at: 'Write "scheduledAt".',
    name: 'Write "title".'
  },
  examples: [
    {
      title: "a script every night at half past two, in a zone",
      payload: {
        id: "backup",
        cronExpression: "30 2 * * *",
        timezone: "Europe/Berlin",
        script: "echo backing up"
      }
    },
    {
      title: "once, at a local time",
      payload: {
        id: "announcement",
        scheduledAt: "2099-06-01T09:00",
        timezone: "America/New_York",
        command: "echo",
        args: ["announced"]
      }
    },
    {
      title: "a chain of steps on weekdays; missed runs are caught up",
      payload: {
        id: "weekday-report",
        cronExpression: "0 7 * * MON-FRI",
        missedRunPolicy: "catchup",
        steps: ["echo collecting", "echo writing"]
      }
    },
    {
      title: "a prompt that runs after the backup, only if that has succeeded",
      payload: {
        id: "nightly-review",
        cronExpression: "30 2 * * *",
        timezone: "Europe/Berlin",
        afterScheduleId: "backup",
        prompt: "Look at the backup and say what is missing.",
        agent: "claude"
      }
    },
    {
      title: "only on request, one run at a time, the newest request wins",
      payload: { id: "rebuild", scheduleType: "manual", overlap: "replace", script: "sleep 1" }
    }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  human: "schedules",
  web: "POST",
  mcp: { tool: "ScheduleTask" }
})

/** Shows one schedule. */
export const scheduleGet = operation({
  name: "schedule get",
  summary: "Show a schedule with its next runs and, on request, its history.",
  input: Schema.Struct({
    id: scheduleId,
    history: optional(
      Schema.Boolean,
      "also what became of its ticks, newest first: each run with its status and duration"
    ),
    limit: optional(between(1, 500), "how many rows of the history (default 20)"),
    after: page.after,
    full: fullSchedule
  }),
  output: Schema.Struct({
    schedule: ScheduleAnswer,
    history: optional(Schema.Array(TickAnswer), "what became of its ticks, newest first"),
    next
  }),
  cut: cutSchedules(),
  errors: ["CommandInputError", "ScheduleNotFound", "StoreError"],
  examples: [
    { title: "with its history", payload: { id: "backup", history: true } },
    { title: "with every field", payload: { id: "backup", full: true } }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: "id",
  human: "schedules",
  web: "POST",
  mcp: { tool: "ScheduleStatus" }
})

/** Lists schedules, newest first. */
export const scheduleList = operation({
  name: "schedule list",
  summary: "List schedules, newest first.",
  input: Schema.Struct({
    status: optional(
      Schema.Union([ScheduleStatus, atLeastOne(ScheduleStatus)]),
      "only in this status, or one of these"
    ),
    ...page,
    full: fullSchedule
  }),
  output: Schema.Struct({
    ...counted,
    schedules: Schema.Array(BriefSchedule),
    next
  }),
  cut: cutSchedules(),
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "all", payload: {} },
    { title: "what ticks", payload: { status: "active" } }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  human: "schedules",
  web: "POST",
  mcp: { tool: "ListSchedules" }
})

/** Changes a schedule. */
export const scheduleUpdate = operation({
  name: "schedule update",
  environment: true,
  summary:
    "Change a schedule. A new expression, zone, time or jitter counts the next run from now on; what runs goes on.",
  input: ScheduleChanges,
  output: Schema.Struct(answered),
  cut: cutSchedules(),
  errors: [
    "CommandInputError",
    "ScheduleNotFound",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "IllegalTransition",
    "RevisionConflict",
    "QuotaExceeded",
    "StoreError"
  ],
  examples: [
    {
      title: "another time",
      payload: { id: "backup", revision: 1, cronExpression: "15 3 * * *" }
    },
    {
      title: "without a limit that was set before",
      payload: { id: "backup", revision: 2, maxRuns: null }
    }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  human: "schedules",
  web: "POST",
  mcp: { tool: "UpdateSchedule" }
})
