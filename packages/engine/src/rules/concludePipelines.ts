/** Ends pipelines of which no task lives any more: in the same transaction as the last of those ends. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import { failsPipeline } from "@backbeat/core/pipeline/failsPipeline"
import { engine } from "@backbeat/core/task/Actor"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import type { CommitRule } from "../commit/CommitRules.ts"
import { once } from "../wiring/once.ts"

/** Tells whether a task has ended in a way that makes its pipeline fail; made once. */
export const makeIsSpoilt = once(
  Effect.map(TaskStore, (store) =>
    Effect.fnUntraced(function* (task: Task) {
      const { state } = task
      const withdrawn =
        state.status === "cancelled" && state.failure?.type === "DependencyFailed"
          ? state.failure
          : null
      const cause = withdrawn === null ? null : yield* store.find(withdrawn.taskId)
      return failsPipeline(task, cause?.state.status ?? null)
    })
  )
)

/** The rule that ends the pipelines whose last tasks a transaction has ended. Looks for nothing when it has ended none of any. */
export const makeConcludePipelines = Effect.gen(function* () {
  const store = yield* TaskStore
  const pipelines = yield* PipelineStore
  const aggregates = yield* AggregateStore

  const isSpoilt = yield* makeIsSpoilt

  /** The first task, as they were given, that makes the pipeline fail. */
  const firstSpoilt = Effect.fnUntraced(function* ({ id, taskIds }: Pipeline) {
    const { tasks } = yield* store.list({ pipelineId: id }, { limit: taskMaxCount })
    const byId = new Map(tasks.map((task) => [task.id, task]))
    for (const task of taskIds.flatMap((taskId) => byId.get(taskId) ?? [])) {
      if (yield* isSpoilt(task)) return task.id
    }
    return null
  })

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed) {
    const ended = committed.flatMap(({ task: { lineage, state } }) =>
      lineage.pipelineId !== null && isFinal(state.status) ? [lineage.pipelineId] : []
    )
    if (ended.length === 0) return
    for (const id of yield* pipelines.over([...new Set(ended)])) {
      const pipeline = yield* aggregates.find(pipelineAggregate, id)
      if (pipeline === null) continue
      const command = { type: "Conclude", failed: yield* firstSpoilt(pipeline) } as const
      yield* Effect.catchTag(
        tx.of(pipelineAggregate).change(pipeline, command, engine),
        "PipelineEnded",
        Effect.die
      )
    }
  })
  return rule
})
