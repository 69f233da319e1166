/** Notes how the runs of schedules ended, in the same transaction as their ends, and wakes the ticks that waited for them. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { engine } from "@backbeat/core/history/Actor"
import { isFinal } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import type { CommitRule, FullTx } from "../commit/CommitRules.ts"

/** The schedule's code is loaded when the first run ends: an engine begins with little. */
const loadAggregate = Effect.promise(() => import("@backbeat/core/schedule/aggregate"))

/** The run that a task is, or is a part of. */
const runIdOf = ({ id, lineage }: Task): string => lineage.pipelineId ?? id

/** The rule that settles the runs of schedules that a transaction has ended. */
export const makeSettleRuns = Effect.gen(function* () {
  const aggregates = yield* AggregateStore
  const ticks = yield* TickStore

  /** How the run of a task ended; null while it goes on. */
  const endOf = Effect.fnUntraced(function* ({ lineage, state }: Task) {
    if (lineage.pipelineId === null) return isFinal(state.status) ? state.status : null
    const pipeline = yield* aggregates.find(pipelineAggregate, lineage.pipelineId)
    return pipeline === null || pipeline.state.status === "running" ? null : pipeline.state.status
  })

  /** A tick that waited for a run of this schedule has its turn. */
  const release = Effect.fnUntraced(function* (tx: FullTx, scheduleId: string) {
    if ((yield* ticks.running(scheduleId)).length > 0) return
    const { scheduleAggregate } = yield* loadAggregate
    for (const id of new Set([scheduleId, ...(yield* ticks.awaiting(scheduleId))])) {
      const schedule = yield* aggregates.find(scheduleAggregate, id)
      if (schedule?.state.status !== "active") continue
      yield* Effect.catchTag(
        tx.of(scheduleAggregate).change(schedule, { type: "Release" }, engine),
        "ScheduleRefusal",
        Effect.die
      )
    }
  })

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed) {
    const ended = new Map<string, Task>()
    for (const { task } of committed)
      if (task.lineage.source?.kind === "schedule" && isFinal(task.state.status))
        ended.set(runIdOf(task), task)
    const settled = new Set<string>()
    for (const [runId, task] of ended) {
      const status = yield* endOf(task)
      if (status === null) continue
      const row = yield* ticks.end(runId, { status, endedAt: tx.now })
      if (row !== null) settled.add(row.scheduleId)
    }
    for (const scheduleId of settled) yield* release(tx, scheduleId)
  })
  return rule
})
