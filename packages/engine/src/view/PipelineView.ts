/** Finds and shows pipelines, for all handlers. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { nearest } from "@backbeat/contract/nearest"
import type { BriefPipeline, PipelineAnswer } from "@backbeat/contract/PipelineAnswer"
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import { noCounts } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { type PipelineCount, PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { iso } from "./taskAnswer.ts"
import { View } from "./View.ts"
import { once } from "../wiring/once.ts"

const suggestedCount = 100

const pipelineNotFound = (id: string, near: string | null): Problem =>
  withTry(
    problem(
      "PipelineNotFound",
      `pipeline not found: ${id}`,
      near === null
        ? sentence`Run ${callOf("pipeline list")} to see the pipelines.`
        : `Did you mean ${near}?`,
      { id, nearest: near }
    ),
    "pipeline list",
    {}
  )

const cancelledOf = ({ state }: Pipeline): BriefPipeline["cancelled"] => {
  if (state.status === "cancelled") return { by: state.by, reason: state.reason }
  return state.status === "running" ? state.cancelling : null
}

const briefPipeline = (pipeline: Pipeline, counts: ReadonlyArray<PipelineCount>): BriefPipeline => {
  const { id, name, state, createdAt, taskIds } = pipeline
  const endedAt = state.status === "running" ? null : state.endedAt
  return {
    id,
    name,
    status: state.status,
    createdAt: iso(createdAt),
    endedAt: endedAt === null ? null : iso(endedAt),
    durationMs:
      endedAt === null ? null : Math.max(0, Math.round(endedAt - (state.restartedAt ?? createdAt))),
    stepCount: taskIds.length,
    counts: {
      ...noCounts,
      ...Object.fromEntries(counts.map(({ status, count }) => [status, count]))
    },
    cancelled: cancelledOf(pipeline)
  }
}

/** Builds the functions that find and show pipelines. Fails with PipelineNotFound or StoreError. */
export const makePipelineView = once(
  Effect.gen(function* () {
    const store = yield* TaskStore
    const aggregates = yield* AggregateStore
    const pipelines = yield* PipelineStore
    const view = yield* View
    const toError = toProblem

    const find = Effect.fnUntraced(function* (id: string) {
      const pipeline = yield* Effect.mapError(aggregates.find(pipelineAggregate, id), toError)
      if (pipeline !== null) return pipeline
      const latest = yield* Effect.mapError(
        aggregates.list(pipelineAggregate, {}, { limit: suggestedCount }),
        toError
      )
      return yield* Effect.fail(
        pipelineNotFound(
          id,
          nearest(
            id,
            latest.states.map((each) => each.id)
          )
        )
      )
    })

    const briefs = Effect.fnUntraced(function* (found: ReadonlyArray<Pipeline>) {
      const counts = yield* Effect.mapError(pipelines.counts(found.map(({ id }) => id)), toError)
      const byPipeline = Map.groupBy(counts, ({ pipeline }) => pipeline)
      return found.map((pipeline) => briefPipeline(pipeline, byPipeline.get(pipeline.id) ?? []))
    })

    /** The tasks of a pipeline, in the order of the payload. Pruned tasks are left out. */
    const tasksOf = Effect.fnUntraced(function* ({ id, taskIds }: Pipeline) {
      const { tasks } = yield* Effect.mapError(
        store.list({ pipelineId: id }, { limit: taskMaxCount }),
        toError
      )
      const byId = new Map(tasks.map((task) => [task.id, task]))
      return taskIds.flatMap((taskId) => byId.get(taskId) ?? [])
    })

    const show = Effect.fnUntraced(function* (pipeline: Pipeline) {
      const tasks = yield* tasksOf(pipeline)
      const counts = [...Map.groupBy(tasks, ({ state }) => state.status)].map(
        ([status, group]) => ({
          pipeline: pipeline.id,
          status,
          count: group.length
        })
      )
      return {
        ...briefPipeline(pipeline, counts),
        tasks: yield* view.briefs(tasks)
      } satisfies PipelineAnswer
    })

    return { find, briefs, tasksOf, show }
  })
)
