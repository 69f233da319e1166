/** Keeps the newest runs of a schedule, by their number and whatever their age; what older ones left is removed, their rows stay. */
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { Alarm } from "../alarm/Alarm.ts"
import { makePrune } from "../retention/prune.ts"
import { once } from "../wiring/once.ts"
import { makeStopRuns } from "./stopRuns.ts"

/** How long, in milliseconds, a removal gives way to the runs that have just begun. */
const delayMs = 2000

/** Runs beyond those that are kept are removed some at a time. */
const slack = 10

/** Removes what runs left that are not kept any more; made once. */
export const makeRetainRuns = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const ticks = yield* TickStore
    const alarm = yield* Alarm
    const prune = yield* makePrune
    const { tasksOf } = yield* makeStopRuns
    const waiting = new Set<string>()

    const retain = Effect.fnUntraced(function* (id: string) {
      const found = yield* aggregates.find(scheduleAggregate, id)
      if (found === null) return
      const { retainRuns } = found.policy
      const beyond = yield* ticks.beyond(id, retainRuns)
      if (beyond.length < Math.min(slack, retainRuns)) return
      const runs = beyond.flatMap(({ run }) => run ?? [])
      const tasks = yield* Effect.forEach(runs, tasksOf)
      yield* prune({
        endedBefore: Number.MAX_SAFE_INTEGER,
        statuses: ["completed", "failed", "cancelled"],
        dryRun: false,
        only: new Set(tasks.flat().map((task) => task.id))
      })
      yield* ticks.forget(runs.map((run) => run.id))
    })

    const retainAll = Effect.suspend(() => {
      const ids = [...waiting]
      waiting.clear()
      return Effect.forEach(ids, retain, { discard: true })
    }).pipe(
      Effect.catch((error) =>
        Effect.logError(`old runs of schedules could not be removed: ${error.message}`)
      )
    )

    /** Looks after these schedules soon. */
    const later = (ids: ReadonlyArray<string>) =>
      Effect.suspend(() => {
        if (ids.length === 0) return Effect.void
        for (const id of ids) waiting.add(id)
        return alarm.after("runs of schedules", delayMs, retainAll)
      })

    return { later }
  })
)
