/** What a failed task has written last: it goes with every answer that a caller waited for, so that none has to look twice. */
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { readableDir } from "../agent/readableDir.ts"
import { Home } from "../home/Home.ts"
import { lastLinesOf } from "../output/lastLinesOf.ts"
import { makePipelineView } from "./PipelineView.ts"

const lastLineCount = 20

/** Reads the last lines of a task that failed; of any other there is no such field. Made once. */
export const makeLastLines = Effect.map(Home, ({ root }) =>
  Effect.fnUntraced(function* (task: Task) {
    if (task.state.status !== "failed") return {}
    const dir = readableDir(root, task, task.state.attempt)
    const wanted = { dir, lines: lastLineCount, maxBytes: 8192 }
    // Both: a test runner tells its failures on stdout, and one warning on stderr must not hide them.
    const stdout = yield* lastLinesOf({ ...wanted, stream: "stdout" })
    return { lastLines: [...stdout, ...(yield* lastLinesOf({ ...wanted, stream: "stderr" }))] }
  })
)

/** Shows a pipeline that has ended, with the last lines of the first of its tasks that failed; made once. */
export const makeShowEndedPipeline = Effect.gen(function* () {
  const { show, tasksOf } = yield* makePipelineView
  const lastLines = yield* makeLastLines
  return Effect.fnUntraced(function* (pipeline: Pipeline) {
    const failed = (yield* tasksOf(pipeline)).find(({ state }) => state.status === "failed")
    const lines = failed === undefined ? {} : yield* lastLines(failed)
    return { pipeline: yield* show(pipeline), ...lines }
  })
})
