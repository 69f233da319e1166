/** Shows a pipeline that has ended. */
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import * as Effect from "effect/Effect"
import { makeEnds } from "./ends.ts"
import { makeLastLines } from "./lastLines.ts"
import { makePipelineView } from "./PipelineView.ts"
import { once } from "../wiring/once.ts"

/**
 * Builds a function that shows an ended pipeline, the summary of its tasks, and the last lines of
 * the first failed task.
 */
export const makeShowEndedPipeline = once(
  Effect.gen(function* () {
    const { show, tasksOf } = yield* makePipelineView
    const ends = yield* makeEnds
    const lastLines = yield* makeLastLines
    return Effect.fnUntraced(function* (pipeline: Pipeline) {
      const tasks = yield* tasksOf(pipeline)
      const failed = tasks.find(({ state }) => state.status === "failed")
      const lines = failed === undefined ? {} : yield* lastLines(failed)
      // In a completed pipeline, a task that was cancelled because it was not needed is not a
      // failure.
      const outcome = pipeline.state.status === "completed" ? { outcome: "succeeded" as const } : {}
      return { ...(yield* ends(tasks)), ...outcome, pipeline: yield* show(pipeline), ...lines }
    })
  })
)
