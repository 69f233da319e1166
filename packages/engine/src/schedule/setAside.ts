/** Sets schedules aside that cannot be read: each is paused by itself, and keeps nothing from the others. */
import { tickKey } from "@backbeat/core/schedule/ScheduleId"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import type { FullTx } from "../commit/CommitRules.ts"
import { once } from "../wiring/once.ts"

/** The status under which no list finds it, because it cannot be shown. */
const unreadable = "unreadable"

/** Sets one aside in a transaction, with the reason; made once. */
export const makeSetAside = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const ticks = yield* TickStore
    return Effect.fnUntraced(function* (tx: FullTx, id: string, message: string) {
      yield* Effect.logError(`schedule ${id} cannot be read and is paused: ${message}`)
      yield* aggregates.setAside("schedule", id, unreadable)
      yield* ticks.note({
        scheduleId: id,
        key: tickKey(id, { tick: tx.now, manual: false }),
        scheduledFor: tx.now,
        manual: false,
        at: tx.now,
        result: "skipped",
        cause: { type: "invalid", message },
        run: null,
        end: null,
        count: 1,
        until: null,
        awaits: null
      })
    })
  })
)
