/** Counts the ticks of all active schedules anew: the clock was set, or the rules of their zones may be others than those of the engine before. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import { Transitions } from "../commit/Transitions.ts"
import { once } from "../wiring/once.ts"
import { accepted, makeChangeSchedule } from "./changeSchedule.ts"
import { schedulesAtMost } from "./checkDefinition.ts"
import { schedule as bySchedule } from "./makeRun.ts"
import { makeSetAside } from "./setAside.ts"

/** How many are counted anew in one transaction. */
const countedAtOnce = 200

const parts = (ids: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(ids.length / countedAtOnce) }, (_, index) =>
    ids.slice(index * countedAtOnce, (index + 1) * countedAtOnce)
  )

/** Counts anew; made once. */
export const makeRecount = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const change = yield* makeChangeSchedule
    const setAside = yield* makeSetAside

    const recountSome = (ids: ReadonlyArray<string>) =>
      transitions.commit((tx) =>
        Effect.gen(function* () {
          for (const id of ids) {
            const found = yield* aggregates.find(scheduleAggregate, id)
            if (found?.state.status === "active")
              yield* accepted(change(tx, found, { type: "Recount" }, bySchedule))
          }
        })
      )

    const recount: Effect.Effect<void, StoreError> = Effect.gen(function* () {
      const { states, unreadable } = yield* aggregates.due(
        scheduleAggregate,
        Number.MAX_SAFE_INTEGER,
        schedulesAtMost
      )
      for (const { id, message } of unreadable)
        yield* transitions.commit((tx) => setAside(tx, id, message))
      for (const ids of parts(states.map(({ id }) => id))) {
        yield* recountSome(ids)
        yield* Effect.yieldNow
      }
    })

    return recount
  })
)
