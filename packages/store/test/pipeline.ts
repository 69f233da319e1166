/** Valid pipelines and changes for tests, made with the same `decide` and `evolve` that the engine uses. */
import * as Result from "effect/Result"
import { decide } from "@backbeat/core/pipeline/decide"
import type { PipelineCommand } from "@backbeat/core/pipeline/PipelineCommand"
import { created, evolve } from "@backbeat/core/pipeline/evolve"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { engine } from "@backbeat/core/history/Actor"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { PipelineEvent } from "@backbeat/core/pipeline/PipelineEvent"
import {
  type AggregateChange,
  type AggregateFilter,
  AggregateStore
} from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import * as Effect from "effect/Effect"
import { start } from "./task.ts"

/** A change of a pipeline, as `Pipelines.record` takes it. */
export interface PipelineChange extends Omit<AggregateChange<Pipeline, PipelineEvent>, "state"> {
  readonly pipeline: Pipeline
}

/**
 * Pipelines for tests: their states from the AggregateStore, their tasks' counts from the
 * PipelineStore.
 */
export const makePipelines = Effect.map(
  Effect.all([AggregateStore, PipelineStore]),
  ([aggregates, pipelines]) => ({
    ...pipelines,
    find: (id: string) => aggregates.find(pipelineAggregate, id),
    record: ({ pipeline, ...change }: PipelineChange) =>
      aggregates.record(pipelineAggregate, { state: pipeline, ...change }),
    list: (
      filter: AggregateFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) =>
      Effect.map(aggregates.list(pipelineAggregate, filter, page), ({ states, ...rest }) => ({
        ...rest,
        pipelines: states
      }))
  })
)
export type Pipelines = Effect.Success<typeof makePipelines>

const owner = { sessionId: null, taskId: null, depth: 0, requestId: "r#0" }

/** The change that creates a pipeline of these tasks. */
export const pipelineCreation = (
  id: string,
  taskIds: ReadonlyArray<string>,
  at: number = start
): PipelineChange => {
  const event = { type: "pipeline.created", name: null, taskIds, owner } as const
  return { pipeline: created(id, event, at), events: [event], at, actor: engine }
}

/** The change that a command makes to a pipeline. */
export const pipelineChange = (
  before: Pipeline,
  command: PipelineCommand,
  at: number = start
): PipelineChange => {
  const events = Result.getOrThrow(decide(command, before))
  const pipeline = events.reduce((now, event) => evolve(now, event, { at, actor: engine }), before)
  return { pipeline, events, at, actor: engine }
}
