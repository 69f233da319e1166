/** The changes of pipelines in one transaction: each is decided, applied and recorded. */
import { decide, type PipelineCommand, type PipelineEnded } from "@backbeat/core/pipeline/decide"
import { created, evolve } from "@backbeat/core/pipeline/evolve"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Actor } from "@backbeat/core/task/Actor"
import type { StoreError } from "@backbeat/store/StoreError"
import type { PipelineStore } from "@backbeat/store/PipelineStore"
import * as Effect from "effect/Effect"

/** A pipeline that is to be. */
export type NewPipeline = Pick<Pipeline, "id" | "name" | "taskIds" | "owner">

/** What a commit under way can do with pipelines. */
export interface PipelineTx {
  /** Adds a pipeline; its tasks are added by themselves, with its id in their lineage. */
  readonly createPipeline: (made: NewPipeline, actor: Actor) => Effect.Effect<Pipeline, StoreError>
  /** Changes a pipeline as `decide` says. */
  readonly changePipeline: (
    pipeline: Pipeline,
    command: PipelineCommand,
    actor: Actor
  ) => Effect.Effect<Pipeline, PipelineEnded | StoreError>
}

/** Begins a transaction's changes at an instant (epoch ms); what was changed is appended to `committed`. */
export const beginPipelineTx = (
  store: PipelineStore["Service"],
  now: number,
  committed: Array<Pipeline>
): PipelineTx => ({
  createPipeline: Effect.fnUntraced(function* ({ id, name, taskIds, owner }, actor) {
    const event = { type: "pipeline.created", name, taskIds, owner } as const
    const pipeline = created(id, event, now)
    yield* store.record({ pipeline, events: [event], at: now, actor })
    committed.push(pipeline)
    return pipeline
  }),
  changePipeline: Effect.fnUntraced(function* (before, command, actor) {
    const events = yield* Effect.fromResult(decide(command, before))
    if (events.length === 0) return before
    const pipeline = events.reduce(
      (state, event) => evolve(state, event, { at: now, actor }),
      before
    )
    yield* store.record({ pipeline, events, at: now, actor })
    committed.push(pipeline)
    return pipeline
  })
})
