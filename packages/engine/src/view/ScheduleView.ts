/** Schedules as answers show them. */
import type { BriefSchedule, ScheduleAnswer } from "@backbeat/contract/ScheduleAnswer"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import { ticksOf } from "@backbeat/core/schedule/ticksOf"
import type { Timing } from "@backbeat/core/schedule/Timing"
import { TickStore } from "@backbeat/store/TickStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { toProblem } from "../call/Call.ts"
import { readingOf } from "../schedule/reading.ts"
import { once } from "../wiring/once.ts"
import { iso } from "./taskAnswer.ts"
import { makeTickAnswers } from "./tickAnswer.ts"

/** How many ticks to come are shown. */
const nextCount = 5

/** The next ticks of a schedule after an instant (epoch ms). */
export const nextRunsOf = (
  { id, timing, state }: Pick<Schedule, "id" | "timing" | "state">,
  now: number
): ReadonlyArray<string> => {
  if (state.status !== "active" && state.status !== "paused") return []
  return Result.match(ticksOf(id, timing), {
    onFailure: () => [],
    onSuccess: (ticks) =>
      ticks
        .first({
          after: Math.max(now, state.countedFrom),
          until: Number.MAX_SAFE_INTEGER,
          limit: nextCount
        })
        .map(iso)
  })
}

const reasonOf = ({ state }: Schedule): string | null => ("reason" in state ? state.reason : null)

const briefOf = (schedule: Schedule, lastRun: BriefSchedule["lastRun"]): BriefSchedule => {
  const { id, title, state, work, timing, unfiredCount } = schedule
  const reason = reasonOf(schedule)
  return {
    id,
    ...(title === null ? {} : { title }),
    status: state.status,
    ...(state.status === "active" && state.next !== null ? { nextRun: iso(state.next.at) } : {}),
    description: readingOf(timing),
    ...(lastRun === undefined ? {} : { lastRun }),
    unfiredCount,
    isPipeline: work.kind === "pipeline",
    stepCount: work.stepCount,
    ...(reason === null ? {} : { reason })
  }
}

const timingOf = (timing: Timing) => {
  switch (timing.type) {
    case "cron":
      return {
        scheduleType: timing.type,
        cronExpression: timing.expression,
        timezone: timing.timezone,
        jitterMs: timing.jitterMs
      }
    case "one_time":
      return {
        scheduleType: timing.type,
        scheduledAt: iso(timing.scheduledAt),
        jitterMs: timing.jitterMs
      }
    case "manual":
      return { scheduleType: timing.type }
  }
}

const policyOf = ({ policy, timing }: Schedule) => ({
  ...(timing.type === "manual" ? {} : { missedRunPolicy: policy.missedRunPolicy }),
  missedAfterMs: policy.missedAfterMs,
  maxCatchup: policy.maxCatchup,
  overlap: policy.overlap,
  ...(policy.maxRuns === null ? {} : { maxRuns: policy.maxRuns }),
  ...(policy.expiresAt === null ? {} : { expiresAt: iso(policy.expiresAt) }),
  ...(policy.afterScheduleId === null ? {} : { afterScheduleId: policy.afterScheduleId }),
  retainRuns: policy.retainRuns
})

const standingOf = ({ state }: Schedule): Partial<ScheduleAnswer> => {
  switch (state.status) {
    case "active": {
      const { waiting, backlog } = state
      return {
        ...(waiting === null
          ? {}
          : { waiting: { scheduledFor: iso(waiting.tick), awaits: waiting.awaits } }),
        ...(backlog.length === 0 ? {} : { backlog: backlog.map(iso) })
      }
    }
    case "paused":
      return { paused: { at: iso(state.pausedAt), by: state.by } }
    case "cancelled":
      return { endedAt: iso(state.endedAt), cancelledBy: state.by }
    default:
      return { endedAt: iso(state.endedAt) }
  }
}

/** Shows schedules; made once. Fails with StoreError. */
export const makeScheduleView = once(
  Effect.gen(function* () {
    const store = yield* TickStore
    const tickAnswers = yield* makeTickAnswers

    const briefs = Effect.fnUntraced(function* (schedules: ReadonlyArray<Schedule>) {
      const latest = yield* Effect.mapError(store.latest(schedules.map(({ id }) => id)), toProblem)
      const shown = yield* tickAnswers(latest, false)
      const byId = new Map(latest.map(({ scheduleId }, index) => [scheduleId, shown[index]]))
      return schedules.map((schedule) => briefOf(schedule, byId.get(schedule.id)))
    })

    const show = Effect.fnUntraced(function* (schedule: Schedule) {
      const now = yield* Clock.currentTimeMillis
      const [brief = briefOf(schedule, undefined)] = yield* briefs([schedule])
      const { work, surroundings, revision, runCount, createdAt } = schedule
      return {
        ...brief,
        nextRuns: nextRunsOf(schedule, now),
        ...timingOf(schedule.timing),
        ...policyOf(schedule),
        work: work.payload,
        envKeys: work.envKeys,
        cwd: surroundings.cwd,
        revision,
        runCount,
        createdAt: iso(createdAt),
        ...standingOf(schedule)
      } satisfies ScheduleAnswer
    })

    return { briefs, show, ticks: tickAnswers }
  })
)
