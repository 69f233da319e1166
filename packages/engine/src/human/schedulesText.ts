/** Answers about schedules as text for people: a table of schedules, and one of what became of their ticks. */
import { BriefSchedule, ScheduleAnswer, TickAnswer } from "@backbeat/contract/ScheduleAnswer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { clip, layOut, type Looks, visible } from "./layOut.ts"
import { outline } from "./outline.ts"
import { duration, when } from "./times.ts"

/** What the answers of these operations have, whole. */
const Answer = Schema.Struct({
  schedule: Schema.optionalKey(ScheduleAnswer),
  schedules: Schema.optionalKey(Schema.Array(BriefSchedule)),
  history: Schema.optionalKey(Schema.Array(TickAnswer)),
  runs: Schema.optionalKey(Schema.Array(TickAnswer)),
  tick: Schema.optionalKey(TickAnswer),
  total: Schema.optionalKey(Schema.Int),
  warnings: Schema.optionalKey(Schema.Array(Schema.String))
})
type Answer = typeof Answer.Type
const decode = Schema.decodeUnknownOption(Answer)

const head = ["ID", "STATUS", "NEXT", "LAST", "WHEN", "TITLE"]
const tickHead = ["SCHEDULED FOR", "RESULT", "LATE", "RUN", "STATUS", "TIME", "WHY"]

const lastOf = ({ lastRun, unfiredCount = 0 }: BriefSchedule): string => {
  if (lastRun === undefined) return "-"
  const result = lastRun.run?.status ?? lastRun.result
  return unfiredCount > 0 && lastRun.run === undefined ? `${result} (${unfiredCount})` : result
}

const rowOf = (schedule: BriefSchedule, looks: Looks): ReadonlyArray<string> => [
  schedule.id,
  schedule.status,
  schedule.nextRun === undefined ? "-" : when(schedule.nextRun, looks),
  lastOf(schedule),
  clip(schedule.description ?? schedule.reason ?? ""),
  clip(schedule.title ?? "")
]

const causeOf = ({ cause, count = 1 }: TickAnswer): string => {
  const several = count > 1 ? `${count} ticks: ` : ""
  if (cause === undefined) return several
  const { type, runId, scheduleId, message } = cause
  return `${several}${[type, runId ?? scheduleId, message].filter((each) => each !== undefined).join(" ")}`
}

const tickRowOf = (tick: TickAnswer, looks: Looks): ReadonlyArray<string> => [
  when(tick.scheduledFor, looks),
  tick.result,
  tick.latenessMs === undefined ? "" : duration(tick.latenessMs),
  tick.run?.id ?? "",
  tick.run?.status ?? "",
  duration(tick.run?.durationMs ?? null),
  clip(causeOf(tick))
]

const table = (schedules: ReadonlyArray<BriefSchedule>, looks: Looks): string =>
  layOut(
    {
      head,
      rows: schedules.map((each) => rowOf(each, looks)),
      statuses: schedules.map(({ status }) => status)
    },
    looks.color
  )

const tickTable = (ticks: ReadonlyArray<TickAnswer>, looks: Looks): string =>
  layOut(
    { head: tickHead, rows: ticks.map((tick) => tickRowOf(tick, looks)), statuses: [] },
    looks.color
  )

const nextRunsText = ({ nextRuns = [] }: ScheduleAnswer, looks: Looks): ReadonlyArray<string> =>
  nextRuns.length === 0
    ? []
    : [["next runs", ...nextRuns.map((each) => `  ${when(each, looks)}`)].join("\n")]

const tablesOf = ({ schedule, schedules, total = 0 }: Answer, looks: Looks) => {
  const shown = schedules?.length ?? 0
  const more = total > shown ? `\n${shown} of ${total}` : ""
  return [
    ...(schedules === undefined ? [] : [table(schedules, looks) + more]),
    ...(schedule === undefined ? [] : [table([schedule], looks), ...nextRunsText(schedule, looks)])
  ]
}

const partsOf = (answer: Answer, looks: Looks): ReadonlyArray<string> => {
  const { history, runs, tick, warnings = [] } = answer
  const lists = [history, runs, tick === undefined ? undefined : [tick]]
  return [
    ...tablesOf(answer, looks),
    ...lists.flatMap((ticks) => (ticks === undefined ? [] : [tickTable(ticks, looks)])),
    ...(warnings.length === 0
      ? []
      : [warnings.map((each) => `warning: ${visible(each)}`).join("\n")])
  ]
}

/** The text; the fields as lines where there is no schedule to show. */
export const schedulesText = (data: unknown, looks: Looks): string => {
  const answer = Option.getOrNull(decode(data))
  const parts = answer === null ? [] : partsOf(answer, looks)
  return parts.length === 0 ? outline(data, looks) : parts.join("\n\n")
}
