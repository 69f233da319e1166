/** What a failed task has written last: it goes with every answer that a caller waited for, so that none has to look twice. */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { readableDir } from "../output/readableDir.ts"
import { Home } from "../home/Home.ts"
import { lastLinesOf, wholeEnd } from "../output/lastLinesOf.ts"
import { once } from "../wiring/once.ts"

/** Reads what any task wrote last, so many lines of it. Made once. */
export const makeReadLastLines = once(
  Effect.map(
    Home,
    ({ root }) =>
      (task: Task, lines: number) =>
        lastLinesOf(readableDir(root, task, Math.max(1, lastAttempt(task.state))), lines)
  )
)

/** The last lines of a task that failed, `briefEnd` of them where it is one of many; of any other there is no such field. Made once. */
export const makeLastLines = once(
  Effect.map(makeReadLastLines, (read) =>
    Effect.fnUntraced(function* (task: Task, lines: number = wholeEnd) {
      return task.state.status === "failed" ? { lastLines: yield* read(task, lines) } : {}
    })
  )
)
