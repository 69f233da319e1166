/** Changes schedules: what becomes of their ticks is noted in the same transaction. */
import type { Actor } from "@backbeat/core/history/Actor"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { decide, type ScheduleRefusal } from "@backbeat/core/schedule/decide"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import type { ScheduleCommand } from "@backbeat/core/schedule/ScheduleCommand"
import type { ScheduleEvent } from "@backbeat/core/schedule/ScheduleEvent"
import { tickKey } from "@backbeat/core/schedule/ScheduleId"
import type { Tick } from "@backbeat/core/schedule/Tick"
import type { StoreError } from "@backbeat/store/StoreError"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import type { FullTx } from "../commit/CommitRules.ts"
import { once } from "../wiring/once.ts"

/** A tick that has no row yet, apart from what became of it. */
const tickAt = (
  scheduleId: string,
  { tick, manual }: { readonly tick: number; readonly manual: boolean },
  at: number
) => ({
  scheduleId,
  key: tickKey(scheduleId, { tick, manual }),
  scheduledFor: tick,
  manual,
  at,
  cause: null,
  run: null,
  end: null,
  count: 1,
  until: null,
  awaits: null
})

/** The rows that an event of a schedule makes. */
const rowsOf = (
  { id, policy }: Schedule,
  event: ScheduleEvent,
  at: number
): ReadonlyArray<Tick> => {
  switch (event.type) {
    case "schedule.fired":
      return [{ ...tickAt(id, event, at), result: "fired", run: event.run }]
    case "schedule.skipped":
    case "schedule.missed": {
      const { count, until, cause } = event
      const result = event.type === "schedule.skipped" ? "skipped" : "missed"
      return [{ ...tickAt(id, event, at), result, cause, count, until: count > 1 ? until : null }]
    }
    case "schedule.waiting": {
      const { waiting, backlog } = event
      const [tick] = backlog
      // Of a backlog the first waits, the others for it.
      const first =
        tick === undefined ? null : { tick, manual: false, awaits: policy.afterScheduleId ?? id }
      return [waiting, first].flatMap((each) =>
        each === null
          ? []
          : [{ ...tickAt(id, each, at), result: "waiting" as const, awaits: each.awaits }]
      )
    }
    default:
      return []
  }
}

/** A command that an active schedule refuses is a defect. */
export const accepted = <A>(
  changed: Effect.Effect<A, ScheduleRefusal | StoreError>
): Effect.Effect<A, StoreError> =>
  Effect.catchTag(changed, "ScheduleRefusal", ({ id, command, status }) =>
    Effect.die(new Error(`schedule ${id} is ${status} and refused ${command}`))
  )

/** Changes one as its `decide` says; made once. Fails with what `decide` refuses. */
export const makeChangeSchedule = once(
  Effect.map(TickStore, (ticks) => {
    const noteAll = (schedule: Schedule, events: ReadonlyArray<ScheduleEvent>, at: number) =>
      Effect.forEach(
        events.flatMap((event) => rowsOf(schedule, event, at)),
        (row) =>
          Effect.flatMap(ticks.note(row), (isNoted) =>
            isNoted || row.result !== "fired"
              ? Effect.void
              : Effect.die(new Error(`the tick ${row.key} of ${row.scheduleId} has fired before`))
          ),
        { discard: true }
      )
    return (
      tx: FullTx,
      schedule: Schedule,
      command: ScheduleCommand,
      actor: Actor
    ): Effect.Effect<Schedule, ScheduleRefusal | StoreError> =>
      Effect.gen(function* () {
        const events = yield* Effect.fromResult(decide(command, schedule, tx.now))
        yield* noteAll(schedule, events, tx.now)
        return yield* tx.of(scheduleAggregate).change(schedule, command, actor)
      })
  })
)
