/** Valid pipelines and changes for tests, made with the same `decide` and `evolve` that the engine uses. */
import * as Result from "effect/Result"
import { decide, type PipelineCommand } from "@backbeat/core/pipeline/decide"
import { created, evolve } from "@backbeat/core/pipeline/evolve"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { engine } from "@backbeat/core/task/Actor"
import type { PipelineChange } from "@backbeat/store/PipelineStore"
import { start } from "./task.ts"

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

/** The change that a command makes of a pipeline. */
export const pipelineChange = (
  before: Pipeline,
  command: PipelineCommand,
  at: number = start
): PipelineChange => {
  const events = Result.getOrThrow(decide(command, before))
  const pipeline = events.reduce((now, event) => evolve(now, event, { at, actor: engine }), before)
  return { pipeline, events, at, actor: engine }
}
