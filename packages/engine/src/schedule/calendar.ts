/** The ticks of all active schedules in a span of time to come, by the scheduler's own computation. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import { ticksOf } from "@backbeat/core/schedule/ticksOf"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { once } from "../wiring/once.ts"

/** A tick to come. */
export interface Upcoming {
  readonly schedule: Schedule
  readonly at: number
}

/** From an instant, which is included, to another, which is not (epoch ms). */
export interface CalendarSpan {
  readonly from: number
  readonly to: number
  readonly limit: number
}

/** How many schedules are looked at before others get their turn. */
const lookedAtOnce = 500

const ofOne = (schedule: Schedule, { from, to, limit }: CalendarSpan): ReadonlyArray<Upcoming> => {
  const { id, timing, state, policy } = schedule
  if (state.status !== "active") return []
  const left = policy.maxRuns === null ? limit : Math.min(limit, policy.maxRuns - schedule.runCount)
  const end = policy.expiresAt === null ? to : Math.min(to, policy.expiresAt)
  return Result.match(ticksOf(id, timing), {
    onFailure: () => [],
    onSuccess: (ticks) =>
      ticks
        .first({ after: Math.max(from - 1, state.countedFrom), until: end - 1, limit: left })
        .map((at) => ({ schedule, at }))
  })
}

/** The first of them, in order. */
export const upcomingOf = (
  schedules: ReadonlyArray<Schedule>,
  span: CalendarSpan
): ReadonlyArray<Upcoming> =>
  schedules
    .flatMap((schedule) => ofOne(schedule, span))
    .toSorted((one, two) => one.at - two.at)
    .slice(0, span.limit)

/** Finds ticks to come; made once. Fails with StoreError. */
export const makeUpcoming = once(
  Effect.map(AggregateStore, (aggregates) =>
    Effect.fnUntraced(function* (span: CalendarSpan, only: Schedule | null) {
      if (only !== null) return upcomingOf([only], span)
      let found: ReadonlyArray<Upcoming> = []
      for (let after: string | undefined; ;) {
        const page = yield* aggregates.list(
          scheduleAggregate,
          { status: ["active"] },
          { limit: lookedAtOnce, after }
        )
        // Nothing after the last of a full list can come into it.
        const last = found.length < span.limit ? undefined : found.at(-1)?.at
        const to = last === undefined ? span.to : Math.min(span.to, last)
        found = [...found, ...upcomingOf(page.states, { ...span, to })]
          .toSorted((one, two) => one.at - two.at)
          .slice(0, span.limit)
        if (page.next === null) return found
        after = page.next
        yield* Effect.yieldNow
      }
    })
  )
)
