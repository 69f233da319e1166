/** Where a task of a loop has written, and the end of that. */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { endOfStream } from "../output/endOfStream.ts"
import { outputPath } from "../output/OutputStream.ts"
import { readableDir } from "../output/readableDir.ts"
import { once } from "../wiring/once.ts"

/** So much of an evaluation is read for the next prompt. */
const end = { lines: 200, maxBytes: 4096 }

/** The folder with the output of a task's last attempt. */
export const outputDir = (root: string, task: Task): string =>
  readableDir(root, task, Math.max(1, lastAttempt(task.state)))

/** Where a task has written its standard output. */
export const stdoutPath = (root: string, task: Task): string =>
  outputPath(outputDir(root, task), "stdout")

/** Finds output by the ids of tasks, which may have been removed; made once. */
export const makeOutputOf = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const find = (id: string | null) => (id === null ? Effect.succeed(null) : store.find(id))
    return {
      /** Null for a task that is not there. */
      path: (id: string | null) =>
        Effect.map(find(id), (task) => (task === null ? null : stdoutPath(root, task))),
      /** The last lines of both streams, standard output behind. None of a task that is not there. */
      lines: Effect.fnUntraced(function* (id: string | null) {
        const task = yield* find(id)
        if (task === null) return []
        const dir = outputDir(root, task)
        const stderr = yield* endOfStream({ dir, stream: "stderr", ...end })
        const stdout = yield* endOfStream({ dir, stream: "stdout", ...end })
        return [...stderr, ...stdout]
      })
    }
  })
)
