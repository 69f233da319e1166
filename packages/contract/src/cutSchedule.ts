/** Cuts the data of answers about schedules: fields at their defaults say nothing. Pure: the whole goes in. */
import * as Struct from "effect/Struct"
import { cutTask, isPresent, isWhole, present } from "./cutTask.ts"
import type { ShownTask } from "./LeanTask.ts"
import type { Cut } from "./Operation.ts"
import type { BriefSchedule, ScheduleAnswer } from "./ScheduleAnswer.ts"

/** The keys of the data that are cut. */
interface Cuttable {
  readonly schedule?: ScheduleAnswer
  readonly schedules?: ReadonlyArray<BriefSchedule>
  readonly task?: ShownTask
  readonly [beside: string]: unknown
}

/** What a schedule does when nobody says otherwise. */
const defaults: Readonly<Record<string, unknown>> = {
  missedAfterMs: 300_000,
  maxCatchup: 10,
  overlap: "skip",
  jitterMs: 0,
  retainRuns: 50,
  unfiredCount: 0,
  isPipeline: false,
  stepCount: 1,
  runCount: 0
}

const isTelling = ([key, value]: readonly [string, unknown]): boolean =>
  isPresent(value) && defaults[key] !== value

const policyOf = ({ scheduleType }: ScheduleAnswer): string =>
  scheduleType === "one_time" ? "catchup" : "skip"

/** What the call has said itself. */
const carriedFields = [
  "title",
  "work",
  "envKeys",
  "cwd",
  "scheduleType",
  "cronExpression",
  "timezone",
  "scheduledAt",
  "missedRunPolicy",
  "maxRuns",
  "expiresAt",
  "afterScheduleId",
  "createdAt",
  "nextRun"
] as const

const cutSchedule = (schedule: ScheduleAnswer, carried: boolean): object => {
  const policy = schedule.missedRunPolicy === policyOf(schedule) ? ["missedRunPolicy"] : []
  const hidden = new Set<string>([...policy, ...(carried ? carriedFields : [])])
  return Object.fromEntries(
    Object.entries(schedule).filter(([key, value]) => !hidden.has(key) && isTelling([key, value]))
  )
}

/** How the answers of an operation on schedules are cut. */
export const cutSchedules = ({
  carried = false
}: { readonly carried?: boolean } = {}): Cut<Cuttable> => ({
  of: ({ schedule, schedules, task, ...beside }, reading) => {
    const others = present(Struct.omit(beside, ["total", "more"]))
    const isCarried = carried && beside["existing"] !== true
    return {
      ...(schedule === undefined ? {} : { schedule: cutSchedule(schedule, isCarried) }),
      ...(task === undefined
        ? {}
        : { task: isWhole(task) ? cutTask(task, { ...reading, carried: false }) : task }),
      ...present({ total: beside["total"], more: beside["more"] }),
      ...(schedules === undefined
        ? {}
        : {
            schedules: schedules.map((each) =>
              Object.fromEntries(Object.entries(each).filter(isTelling))
            )
          }),
      ...others
    }
  }
})
