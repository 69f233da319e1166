/**
 * The last lines of a failed task. Every answer of a waiting call contains them, so that no second
 * call is needed.
 */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { readableDir } from "../output/readableDir.ts"
import { Home } from "../home/Home.ts"
import { lastLinesOf, maxLastLines } from "../output/lastLinesOf.ts"
import { once } from "../wiring/once.ts"

/** Builds a function that reads the last lines of any task. */
export const makeReadLastLines = once(
  Effect.map(
    Home,
    ({ root }) =>
      (task: Task, lines: number) =>
        lastLinesOf(readableDir(root, task, Math.max(1, lastAttempt(task.state))), lines)
  )
)

/**
 * Builds the field `lastLines` for a failed task; no field for other tasks. Fewer lines
 * (`briefEnd`) when the task is one of many.
 */
export const makeLastLines = once(
  Effect.map(makeReadLastLines, (read) =>
    Effect.fnUntraced(function* (task: Task, lines: number = maxLastLines) {
      return task.state.status === "failed" ? { lastLines: yield* read(task, lines) } : {}
    })
  )
)
