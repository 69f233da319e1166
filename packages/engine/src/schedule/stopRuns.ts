/** Asks for the end of runs, in a transaction. What stops them is told by the commit. */
import type { Actor } from "@backbeat/core/history/Actor"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import type { Run } from "@backbeat/core/schedule/Tick"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { withLeftovers } from "../attempt/leftover.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Home } from "../home/Home.ts"
import { once } from "../wiring/once.ts"

/** Who stops runs, and why. */
export interface StopOrder {
  readonly by: Actor
  readonly reason: string
}

const isRunning = ({ state }: Task): boolean =>
  !isFinal(state.status) && !(state.status === "stopping" && state.intent.kind === "cancel")

/** Gives the tasks of runs, and what asks for their end; made once. */
export const makeStopRuns = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const aggregates = yield* AggregateStore

    const tasksOf = Effect.fnUntraced(function* ({ kind, id }: Run) {
      if (kind === "pipeline")
        return (yield* store.list({ pipelineId: id }, { limit: taskMaxCount })).tasks
      const task = yield* store.find(id)
      return task === null ? [] : [task]
    })

    const stopOne = Effect.fnUntraced(function* (tx: FullTx, run: Run, { by, reason }: StopOrder) {
      const pipeline =
        run.kind === "pipeline" ? yield* aggregates.find(pipelineAggregate, run.id) : null
      if (pipeline?.state.status === "running")
        yield* Effect.catchTag(
          tx.of(pipelineAggregate).change(pipeline, { type: "Cancel", reason }, by),
          "PipelineEnded",
          Effect.die
        )
      const stopped = (yield* tasksOf(run)).filter(isRunning)
      const leftover = withLeftovers(
        root,
        stopped.filter(({ state }) => state.status !== "running")
      )
      for (const task of stopped) {
        const { stopSignal, gracePeriodMs } = task.spec
        const order = {
          signal: stopSignal,
          graceMs: gracePeriodMs,
          leftover: leftover.has(task.id)
        }
        yield* Effect.catchTag(
          tx.change(task, { type: "Stop", reason, ...order }, by),
          "IllegalTransition",
          Effect.die
        )
      }
    })

    /** Asks for the end of all of them. */
    const stop = (tx: FullTx, runs: ReadonlyArray<Run>, order: StopOrder) =>
      Effect.forEach(runs, (run) => stopOne(tx, run, order), { discard: true })

    return { stop, tasksOf }
  })
)
