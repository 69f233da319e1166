/** What a tick sees beside its schedule: runs that have not ended, the schedule that it follows, and ticks that have fired before. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import type { ActiveState, Schedule } from "@backbeat/core/schedule/Schedule"
import type { Look } from "@backbeat/core/schedule/ScheduleCommand"
import type { Run } from "@backbeat/core/schedule/Tick"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { once } from "../wiring/once.ts"

/** A look, with the runs that have not ended as things that can be stopped. */
export interface Seen {
  readonly look: Look
  readonly runs: ReadonlyArray<Run>
}

/** Looks; made once. Fails with StoreError. */
export const makeLook = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const ticks = yield* TickStore

    /** How the schedule that is followed stands: its ticks count, not what was started by hand. */
    const predecessorOf = Effect.fnUntraced(function* (id: string | null) {
      if (id === null) return null
      const found = yield* aggregates.find(scheduleAggregate, id)
      const waiting = found?.state.status === "active" ? found.state.waiting : null
      const latest = yield* ticks.latestFired(id)
      if (latest === null || latest.run === null) return null
      const { run, end } = latest
      if (end === null) return { running: run.id, failed: null }
      // One that waits itself is about to run.
      if (waiting !== null) return { running: run.id, failed: null }
      return {
        running: null,
        failed: end.status === "completed" ? null : { runId: run.id, status: end.status }
      }
    })

    return Effect.fnUntraced(function* (schedule: Schedule, state: ActiveState, now: number) {
      const running = yield* ticks.running(schedule.id)
      const runs = running.flatMap(({ run }) => run ?? [])
      const look = {
        running: runs.map(({ id }) => id),
        predecessor: yield* predecessorOf(schedule.policy.afterScheduleId),
        spent: yield* ticks.spent(schedule.id, { after: state.countedFrom, until: now })
      }
      return { look, runs } satisfies Seen
    })
  })
)
