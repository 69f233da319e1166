/** The operations that pause, resume, end and trigger schedules. */
import * as Schema from "effect/Schema"
import { cutSchedules } from "../cutSchedule.ts"
import { NonEmptyText, optional, warnings } from "../fields.ts"
import { operation } from "../Operation.ts"
import { TickAnswer } from "../ScheduleAnswer.ts"
import { TaskAnswer } from "../TaskAnswer.ts"
import { answered, scheduleId } from "./schedule.ts"
import { fullSchedule } from "./scheduleInput.ts"

const revision = optional(
  Schema.Int,
  "the revision that the caller has seen: refused if the schedule has another one"
)

const changing = [
  "CommandInputError",
  "ScheduleNotFound",
  "IllegalTransition",
  "RevisionConflict",
  "StoreError"
] as const

/** Keeps a schedule from ticking. */
export const schedulePause = operation({
  name: "schedule pause",
  summary: "Keep a schedule from firing until resume. What runs goes on.",
  input: Schema.Struct({
    id: scheduleId,
    reason: optional(NonEmptyText, "the reason, shown by schedule get, list and why"),
    revision,
    full: fullSchedule
  }),
  output: Schema.Struct(answered),
  cut: cutSchedules(),
  errors: changing,
  examples: [{ title: "with a reason", payload: { id: "backup", reason: "the disk is moved" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  human: "schedules",
  web: "POST",
  mcp: { tool: "PauseSchedule" }
})

/** Lets a schedule tick again. */
export const scheduleResume = operation({
  name: "schedule resume",
  summary:
    "Let a paused schedule fire again, from its next tick on. Ticks that passed are recorded as skipped.",
  input: Schema.Struct({ id: scheduleId, revision, full: fullSchedule }),
  output: Schema.Struct(answered),
  cut: cutSchedules(),
  errors: changing,
  examples: [{ title: "one schedule", payload: { id: "backup" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  human: "schedules",
  web: "POST",
  mcp: { tool: "ResumeSchedule" }
})

/** Ends a schedule. */
export const scheduleCancel = operation({
  name: "schedule cancel",
  summary: "End a schedule and keep it with its history. On request also stop what it runs.",
  input: Schema.Struct({
    id: scheduleId,
    reason: optional(NonEmptyText, "the reason, shown by schedule get and why"),
    cancelTasks: optional(
      Schema.Boolean,
      "also stop every run that has not ended, and return when none of their processes is alive"
    ),
    full: fullSchedule
  }),
  output: Schema.Struct({
    ...answered,
    stopped: optional(Schema.Array(Schema.String), "the runs that were stopped")
  }),
  cut: cutSchedules(),
  waits: true,
  errors: [
    "CommandInputError",
    "ScheduleNotFound",
    "IllegalTransition",
    "StopIncomplete",
    "StoreError"
  ],
  examples: [
    { title: "with its runs", payload: { id: "backup", reason: "moved", cancelTasks: true } }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  human: "schedules",
  web: "POST",
  mcp: { tool: "CancelSchedule" }
})

/** Removes an ended schedule. */
export const scheduleDelete = operation({
  name: "schedule delete",
  summary: "Remove a schedule that has ended, with its history; its id is free again.",
  input: Schema.Struct({ id: scheduleId }),
  output: Schema.Struct({ deleted: Schema.String }),
  errors: ["CommandInputError", "ScheduleNotFound", "IllegalTransition", "StoreError"],
  examples: [{ title: "an ended schedule", payload: { id: "backup" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  web: "POST",
  mcp: { tool: "DeleteSchedule" }
})

/** Runs a schedule now. */
export const scheduleTrigger = operation({
  name: "schedule trigger",
  summary:
    "Run a schedule now, beside its ticks: it does not count for maxRuns and stands for no tick.",
  input: Schema.Struct({ id: scheduleId, full: fullSchedule }),
  output: Schema.Struct({
    tick: TickAnswer,
    task: optional(TaskAnswer, "with --wait: the task that ran, once it has ended"),
    warnings
  }),
  cut: cutSchedules(),
  errors: [
    "CommandInputError",
    "ScheduleNotFound",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "TaskAlreadyRunning",
    "TaskNotFound",
    "PipelineNotFound",
    "IllegalTransition",
    "QuotaExceeded",
    "StoreError",
    "TaskWaitTimedOut"
  ],
  examples: [{ title: "one schedule", payload: { id: "rebuild" } }],
  batch: false,
  flags: ["wait", "timeout"],
  readOnly: false,
  positional: "id",
  human: "schedules",
  web: "POST",
  mcp: { tool: "TriggerSchedule" }
})
