/** Stops what runs of a loop, in the transaction that decided so. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import type { Loop } from "@backbeat/core/loop/Loop"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { withLeftovers } from "../attempt/leftover.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Home } from "../home/Home.ts"
import { once } from "../wiring/once.ts"
import { loopActor } from "./loopOrigin.ts"

/** A stop that is under way and ends with the task's end. */
const isEnding = ({ state }: Task): boolean =>
  state.status === "stopping" && state.intent.kind === "cancel"

const reasonOf = ({ id, state }: Loop): string => {
  if (state.status === "pausing") return `loop ${id} was paused`
  const reason = state.status === "stopping" ? state.goal.reason : null
  return reason === null ? `loop ${id} ends` : `loop ${id} ends: ${reason}`
}

/** Asks the task, or the pipeline, of this id to end, if it has not been asked; made once. */
export const makeStopParts = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const aggregates = yield* AggregateStore

    const stopTasks = Effect.fnUntraced(function* (
      tx: FullTx,
      tasks: ReadonlyArray<Task>,
      reason: string
    ) {
      const live = tasks.filter((task) => !isFinal(task.state.status) && !isEnding(task))
      const leftover = withLeftovers(
        root,
        live.filter(({ state }) => state.status !== "running")
      )
      for (const task of live) {
        const { stopSignal: signal, gracePeriodMs: graceMs } = task.spec
        const stop = {
          type: "Stop",
          reason,
          signal,
          graceMs,
          leftover: leftover.has(task.id)
        } as const
        yield* Effect.catchTag(tx.change(task, stop, loopActor), "IllegalTransition", Effect.die)
      }
    })

    return Effect.fnUntraced(function* (tx: FullTx, loop: Loop, id: string) {
      const reason = reasonOf(loop)
      const task = yield* store.find(id)
      if (task !== null) return yield* stopTasks(tx, [task], reason)
      const pipeline = yield* aggregates.find(pipelineAggregate, id)
      if (pipeline?.state.status !== "running") return
      yield* Effect.orDie(
        tx.of(pipelineAggregate).change(pipeline, { type: "Cancel", reason }, loopActor)
      )
      const { tasks } = yield* store.list({ pipelineId: id }, { limit: taskMaxCount })
      yield* stopTasks(tx, tasks, reason)
    })
  })
)
