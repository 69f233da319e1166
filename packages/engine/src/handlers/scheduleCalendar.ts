/** Answers `schedule upcoming` and `schedule runs`. */
import * as operations from "@backbeat/contract/operation/scheduleCalendar"
import type { Problem } from "@backbeat/contract/Problem"
import { TickStore } from "@backbeat/store/TickStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { handle, type Handler, toProblem } from "../call/Call.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeUpcoming } from "../schedule/calendar.ts"
import { makeFindSchedule } from "../schedule/findSchedule.ts"
import { makeScheduleView } from "../view/ScheduleView.ts"
import { iso } from "../view/taskAnswer.ts"

const dayMs = 86_400_000
const defaultLimit = 100

/** So far may the ends of a span be apart. */
const longestMs = 366 * dayMs

interface Given {
  readonly from?: string
  readonly to?: string
  readonly limit?: number
}

const millis = (text: string | undefined): number | null =>
  text === undefined ? null : Date.parse(text)

const checked = (from: number, to: number): Problem | null => {
  if (to <= from) return wrongField("to", "is not after from", "Give a later instant.")
  return to - from > longestMs
    ? wrongField("to", "is more than 366 days after from", "Ask for a shorter span.")
    : null
}

/** A span to come: what is past has become something else. */
const spanToCome = (given: Given, now: number) => {
  const from = Math.max(now, millis(given.from) ?? now)
  return { from, to: millis(given.to) ?? from + dayMs, limit: given.limit ?? defaultLimit }
}

/** A span that has passed, up to now. */
const spanPassed = (given: Given, now: number) => {
  const to = millis(given.to) ?? now + 1
  return { from: millis(given.from) ?? to - dayMs, to, limit: given.limit ?? defaultLimit }
}

const makeUpcomingHandler = Effect.gen(function* () {
  const find = yield* makeFindSchedule
  const upcoming = yield* makeUpcoming
  return handle(operations.scheduleUpcoming, ({ scheduleId, ...given }) =>
    Effect.gen(function* () {
      const span = spanToCome(given, yield* Clock.currentTimeMillis)
      const refusal = checked(span.from, span.to)
      if (refusal !== null) return yield* Effect.fail(refusal)
      const only = scheduleId === undefined ? null : yield* find(scheduleId)
      const found = yield* Effect.mapError(
        upcoming({ ...span, limit: span.limit + 1 }, only),
        toProblem
      )
      return {
        upcoming: found.slice(0, span.limit).map(({ schedule: { id, title }, at }) => ({
          scheduleId: id,
          scheduledFor: iso(at),
          ...(title === null ? {} : { title })
        })),
        ...(found.length > span.limit ? { more: true } : {})
      }
    })
  )
})

const makeRunsHandler = Effect.gen(function* () {
  const find = yield* makeFindSchedule
  const store = yield* TickStore
  const { ticks } = yield* makeScheduleView
  return handle(operations.scheduleRuns, ({ scheduleId, ...given }) =>
    Effect.gen(function* () {
      const span = spanPassed(given, yield* Clock.currentTimeMillis)
      const refusal = checked(span.from, span.to)
      if (refusal !== null) return yield* Effect.fail(refusal)
      if (scheduleId !== undefined) yield* find(scheduleId)
      const found = yield* Effect.mapError(
        store.between({ ...span, limit: span.limit + 1, scheduleId }),
        toProblem
      )
      return {
        runs: yield* ticks(found.slice(0, span.limit), true),
        ...(found.length > span.limit ? { more: true } : {})
      }
    })
  )
})

/** The handlers that show schedules over time. */
export const makeScheduleCalendarHandlers = Effect.map(
  Effect.all([makeUpcomingHandler, makeRunsHandler]),
  (handlers): ReadonlyArray<Handler> => handlers
)
