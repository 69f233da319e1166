/** Counts the ticks of all active schedules anew: the clock was set, or the rules of their zones may be others than those of the engine before. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import { Transitions } from "../commit/Transitions.ts"
import { once } from "../wiring/once.ts"
import { accepted, makeChangeSchedule } from "./changeSchedule.ts"
import { schedule as bySchedule } from "./makeRun.ts"

/** How many are counted anew in one transaction. */
const countedAtOnce = 200

/** Counts anew; made once. */
export const makeRecount = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const change = yield* makeChangeSchedule

    /** Counts the ticks of a page of active schedules anew; gives the cursor of the next page. */
    const recountPage = (after: string | undefined) =>
      transitions.commit((tx) =>
        Effect.gen(function* () {
          const page = yield* aggregates.list(
            scheduleAggregate,
            { status: ["active"] },
            { limit: countedAtOnce, after }
          )
          for (const each of page.states)
            yield* accepted(change(tx, each, { type: "Recount" }, bySchedule))
          return page.next
        })
      )

    const recount: Effect.Effect<void, StoreError> = Effect.gen(function* () {
      for (let after: string | undefined; ;) {
        const next = yield* recountPage(after)
        if (next === null) return
        after = next
        yield* Effect.yieldNow
      }
    })

    return recount
  })
)
