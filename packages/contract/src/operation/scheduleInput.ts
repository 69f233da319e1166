/** What `schedule create` and `schedule update` take. */
import { MissedRunPolicy, Overlap } from "@backbeat/core/schedule/Schedule"
import { ScheduleId } from "@backbeat/core/schedule/ScheduleId"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { about, atMost, between, Instant, NonEmptyText, optional } from "../fields.ts"
import { PipelineInput } from "./pipeline.ts"
import { StartInput } from "./start.ts"

/** The fields of what each tick starts: those of one task, or steps or tasks of a pipeline. */
export const workFields = {
  ...Struct.omit(StartInput.fields, [
    "id",
    "ifRunning",
    "ifEnded",
    "dependsOn",
    "continueFrom",
    "notBefore",
    "delayMs",
    "sessionId",
    "full"
  ]),
  timeout: optional(
    between(1000, 86_400_000),
    "milliseconds an attempt of each task may run before it fails with TimedOut (default 1800000)"
  ),
  steps: about(
    PipelineInput.fields.steps,
    "instead of one task: a chain of 1 to 20 tasks, as in pipeline create"
  ),
  tasks: about(
    PipelineInput.fields.tasks,
    "instead of one task: 1 to 500 tasks in any order by dependsOn, as in pipeline create"
  )
}

/** An instant with a zone, or a local time of the schedule's zone. */
const ScheduledAt = Schema.String.check(
  Schema.isPattern(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?$/u,
    {
      message:
        "expected an instant such as 2026-11-21T08:00:00Z, or a local time such as 2026-11-21T08:00"
    }
  )
)

/** The field `full` of the operations on schedules. */
export const fullSchedule = optional(
  Schema.Boolean,
  "every field of the schedule, also those at their defaults"
)

/** When it runs, and what becomes of ticks that cannot. */
export const timingFields = {
  title: optional(NonEmptyText.check(atMost(200)), "a title for people"),
  scheduleType: optional(
    Schema.Literals(["cron", "one_time", "manual"]),
    "cron needs cronExpression, one_time needs scheduledAt, manual neither (default: from these fields)"
  ),
  cronExpression: optional(
    NonEmptyText.check(atMost(200)),
    "five fields: minute hour day-of-month month day-of-week, with names, ranges, lists and steps"
  ),
  timezone: optional(
    NonEmptyText.check(atMost(64)),
    "the IANA zone of cronExpression and of a local scheduledAt (default UTC)"
  ),
  scheduledAt: optional(
    ScheduledAt,
    "when it runs once: ISO 8601 with Z or an offset, or a local time of timezone"
  ),
  missedRunPolicy: optional(
    MissedRunPolicy,
    "what becomes of ticks that are later than missedAfterMs: skip records them, catchup runs them one after the other, fail pauses the schedule (default skip; catchup for one_time)"
  ),
  missedAfterMs: optional(
    between(1000, 86_400_000),
    "milliseconds by which the newest tick may fire late (default 300000)"
  ),
  maxCatchup: optional(
    between(1, 100),
    "with catchup: at most so many ticks, the newest (default 10)"
  ),
  overlap: optional(
    Overlap,
    "what a tick does while an earlier run has not ended: skip it, queue the newest one, allow both, or replace the earlier run (default skip)"
  ),
  maxRuns: optional(between(1, 1_000_000), "after so many ticks that fired it is completed"),
  expiresAt: optional(Instant, "from this instant on nothing fires"),
  afterScheduleId: optional(
    ScheduleId,
    "a schedule whose latest tick must have succeeded; a tick waits while that one runs"
  ),
  jitterMs: optional(
    between(0, 3_600_000),
    "each tick is delayed by up to so many milliseconds, at most half the time to the next tick (default 0)"
  ),
  retainRuns: optional(
    between(1, 10_000),
    "how many of its newest runs keep their output (default 50)"
  )
}

/** The payload of `schedule create`. */
export const ScheduleInput = Schema.Struct({
  id: optional(ScheduleId, "the schedule's id (default: a new one)"),
  ifExists: optional(
    Schema.Literals(["error", "return", "replace"]),
    "what to do when a schedule has this id: refuse, return it, or replace it and keep its history (default: refuse; one that has ended is replaced)"
  ),
  paused: optional(Schema.Boolean, "create it paused: nothing runs until resume"),
  ...timingFields,
  ...workFields,
  full: fullSchedule
})
export type ScheduleInput = typeof ScheduleInput.Type

/** The fields that an update can change: null removes what a field says. */
interface NullableLambda extends Struct.Lambda {
  <S extends Schema.Top>(field: Schema.optionalKey<S>): Schema.optionalKey<Schema.NullOr<S>>
  readonly "~lambda.out": this["~lambda.in"] extends Schema.optionalKey<infer S extends Schema.Top>
    ? Schema.optionalKey<Schema.NullOr<S>>
    : never
}

const descriptionOf = (schema: Schema.Top): string => {
  const { description } = Schema.resolveAnnotations(schema) ?? {}
  return typeof description === "string" ? description : ""
}

const nullable = Struct.lambda<NullableLambda>((field) =>
  optional(Schema.NullOr(field.schema), descriptionOf(field.schema))
)

/** The payload of `schedule update`. */
export const ScheduleChanges = Schema.Struct({
  id: about(ScheduleId, "the schedule's id"),
  revision: about(
    Schema.Int,
    "the revision of the schedule that the change is for, as schedule get shows it"
  ),
  ...Struct.map({ ...timingFields, ...workFields }, nullable),
  full: fullSchedule
})
export type ScheduleChanges = typeof ScheduleChanges.Type
