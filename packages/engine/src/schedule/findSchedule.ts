/** Finds schedules by their ids. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { once } from "../wiring/once.ts"
import { scheduleNotFound } from "./problems.ts"

/** Among so many of the newest a mistyped id is looked for. */
const suggestedCount = 100

/** Finds one; made once. Fails with ScheduleNotFound or StoreError. */
export const makeFindSchedule = once(
  Effect.map(AggregateStore, (aggregates) =>
    Effect.fnUntraced(function* (id: string) {
      const found = yield* Effect.mapError(aggregates.find(scheduleAggregate, id), toProblem)
      if (found !== null) return found
      const latest = yield* Effect.mapError(
        aggregates.list(
          scheduleAggregate,
          { status: ScheduleStatus.literals },
          { limit: suggestedCount }
        ),
        toProblem
      )
      return yield* Effect.fail(
        scheduleNotFound(
          id,
          latest.states.map((each) => each.id)
        )
      )
    })
  )
)
