/** Shows a pipeline that has ended. */
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import * as Effect from "effect/Effect"
import { makeEnds } from "./ends.ts"
import { makeLastLines } from "./lastLines.ts"
import { makePipelineView } from "./PipelineView.ts"
import { once } from "../wiring/once.ts"

/** Shows a pipeline that has ended, how its tasks did, and the last lines of the first that failed; made once. */
export const makeShowEndedPipeline = once(
  Effect.gen(function* () {
    const { show, tasksOf } = yield* makePipelineView
    const ends = yield* makeEnds
    const lastLines = yield* makeLastLines
    return Effect.fnUntraced(function* (pipeline: Pipeline) {
      const tasks = yield* tasksOf(pipeline)
      const failed = tasks.find(({ state }) => state.status === "failed")
      const lines = failed === undefined ? {} : yield* lastLines(failed)
      // What was withdrawn because it was not needed is missed by nobody.
      const outcome = pipeline.state.status === "completed" ? { outcome: "succeeded" as const } : {}
      return { ...(yield* ends(tasks)), ...outcome, pipeline: yield* show(pipeline), ...lines }
    })
  })
)
