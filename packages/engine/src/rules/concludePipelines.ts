/** Ends pipelines without a live task, in the transaction that ends the last of these tasks. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import { failsPipeline } from "@backbeat/core/pipeline/failsPipeline"
import { engine } from "@backbeat/core/history/Actor"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import type { CommitRule } from "../commit/CommitRules.ts"
import { once } from "../wiring/once.ts"

/** Builds a function that returns whether the end of a task makes its pipeline fail. */
export const makeFailsItsPipeline = once(
  Effect.map(TaskStore, (store) =>
    Effect.fnUntraced(function* (task: Task) {
      const { state } = task
      const dependencyFailure =
        state.status === "cancelled" && state.failure?.type === "DependencyFailed"
          ? state.failure
          : null
      const cause = dependencyFailure === null ? null : yield* store.find(dependencyFailure.taskId)
      return failsPipeline(task, cause?.state.status ?? null)
    })
  )
)

/**
 * The rule that ends the pipelines whose last task has ended in this transaction. Queries nothing
 * if no task of a pipeline has ended.
 */
export const makeConcludePipelines = Effect.gen(function* () {
  const store = yield* TaskStore
  const pipelines = yield* PipelineStore
  const aggregates = yield* AggregateStore

  const failsItsPipeline = yield* makeFailsItsPipeline

  /** The first task, in the order of the payload, that makes the pipeline fail. */
  const firstFailed = Effect.fnUntraced(function* ({ id, taskIds }: Pipeline) {
    const { tasks } = yield* store.list({ pipelineId: id }, { limit: taskMaxCount })
    const byId = new Map(tasks.map((task) => [task.id, task]))
    for (const task of taskIds.flatMap((taskId) => byId.get(taskId) ?? [])) {
      if (yield* failsItsPipeline(task)) return task.id
    }
    return null
  })

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed) {
    const pipelineIds = committed.flatMap(({ task: { lineage, state } }) =>
      lineage.pipelineId !== null && isFinal(state.status) ? [lineage.pipelineId] : []
    )
    if (pipelineIds.length === 0) return
    for (const id of yield* pipelines.readyToConclude([...new Set(pipelineIds)])) {
      const pipeline = yield* aggregates.find(pipelineAggregate, id)
      if (pipeline === null) continue
      const command = { type: "Conclude", failed: yield* firstFailed(pipeline) } as const
      yield* Effect.catchTag(
        tx.of(pipelineAggregate).change(pipeline, command, engine),
        "PipelineEnded",
        Effect.die
      )
    }
  })
  return rule
})
