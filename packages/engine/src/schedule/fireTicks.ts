/** Fires the ticks that are due, each with its run in one transaction, and counts them anew when the clock was set. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { planTick } from "@backbeat/core/schedule/planTick"
import type { ActiveState, Schedule } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import type { FullTx } from "../commit/CommitRules.ts"
import { once } from "../wiring/once.ts"
import { accepted, makeChangeSchedule } from "./changeSchedule.ts"
import { makeLook } from "./lookAt.ts"
import { makeRuns, schedule as bySchedule } from "./makeRun.ts"
import { makeRecount } from "./recountTicks.ts"
import { makeRetainRuns } from "./retainRuns.ts"
import { makeSetAside } from "./setAside.ts"
import { makeStopRuns } from "./stopRuns.ts"

/** How many schedules one transaction looks at; the engine answers others in between. */
const firedAtOnce = 50

/** Fires what is due; made once. */
export const makeFireTicks = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const setAside = yield* makeSetAside
    const change = yield* makeChangeSchedule
    const lookAt = yield* makeLook
    const runs = yield* makeRuns
    const { stop } = yield* makeStopRuns
    const retain = yield* makeRetainRuns

    /** The schedule that this one follows ticks first when both are due. */
    const firePredecessor = Effect.fnUntraced(function* (
      tx: FullTx,
      { policy }: Schedule,
      takeBacks: Array<() => void>
    ) {
      const { afterScheduleId } = policy
      if (afterScheduleId === null) return
      const found = yield* aggregates.find(scheduleAggregate, afterScheduleId)
      const dueAt = found === null ? null : scheduleAggregate.index(found).dueAt
      if (found !== null && dueAt !== null && dueAt <= tx.now)
        yield* Effect.suspend(() => fireOne(tx, found, takeBacks))
    })

    const fireActive = Effect.fnUntraced(function* (
      tx: FullTx,
      schedule: Schedule,
      state: ActiveState,
      takeBacks: Array<() => void>
    ) {
      const seen = yield* lookAt(schedule, state, tx.now)
      const plan = planTick(schedule, state, tx.now, seen.look)
      yield* stop(
        tx,
        seen.runs.filter(({ id }) => plan.stop.includes(id)),
        { by: bySchedule, reason: `replaced by the next run of schedule ${schedule.id}` }
      )
      const outcome =
        plan.fire === null
          ? null
          : yield* runs.outcome(tx, schedule, { tick: plan.fire, actor: bySchedule, takeBacks })
      yield* accepted(change(tx, schedule, { type: "Tick", look: seen.look, outcome }, bySchedule))
    })

    const fireOne = (
      tx: FullTx,
      schedule: Schedule,
      takeBacks: Array<() => void>
    ): Effect.Effect<void, StoreError> =>
      Effect.gen(function* () {
        yield* firePredecessor(tx, schedule, takeBacks)
        if (schedule.state.status === "active")
          yield* fireActive(tx, schedule, schedule.state, takeBacks)
      })

    const fire = (tx: FullTx): Effect.Effect<void, StoreError> =>
      Effect.suspend(() => {
        const takeBacks: Array<() => void> = []
        return Effect.gen(function* () {
          const due = yield* aggregates.due(scheduleAggregate, tx.now, firedAtOnce)
          for (const { id, message } of due.unreadable) yield* setAside(tx, id, message)
          for (const { id } of due.states) {
            // It may have been fired before those that follow it.
            const now = yield* aggregates.find(scheduleAggregate, id)
            const dueAt = now === null ? null : scheduleAggregate.index(now).dueAt
            if (now !== null && dueAt !== null && dueAt <= tx.now)
              yield* fireOne(tx, now, takeBacks)
          }
          yield* retain.later(due.states.map(({ id }) => id))
        }).pipe(
          Effect.onError(() =>
            Effect.sync(() => {
              for (const each of takeBacks.toReversed()) each()
            })
          )
        )
      })

    return { fire, recount: yield* makeRecount }
  })
)
