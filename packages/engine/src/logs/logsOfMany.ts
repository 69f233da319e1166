/** Answers `logs` for several tasks: their newest lines, each with its task. */
import type { Problem } from "@backbeat/contract/Problem"
import type { Input, Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { cursorAfter } from "../output/LogQuery.ts"
import type { LogLine } from "../output/LogLine.ts"
import { allLines } from "../output/pages.ts"
import { locate, outputRemoved, makeQueryOf } from "./logSource.ts"
import { wrongField } from "../call/wrongField.ts"

type LinesOfMany = Extract<Output<"logs">, { readonly cursors: unknown }>

interface TaskLine extends LogLine {
  readonly task: string
}

/** Rejects a field that requires a single task. */
export const misplacedForMany = ({ attempt, since }: Input<"logs">): Problem | null => {
  if (since !== undefined)
    return wrongField(
      "since",
      "is a cursor of one task",
      "Read one task with id; the answer's cursors has a cursor for each task."
    )
  return attempt === undefined
    ? null
    : wrongField("attempt", "requires a single task", "Use id to read one task.")
}

/** Builds a function that reads several tasks. */
export const makeLogsOfMany = Effect.gen(function* () {
  const queryOf = yield* makeQueryOf

  return Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>, input: Input<"logs">) {
    const wanted = input.lines ?? 100
    const lines: Array<TaskLine> = []
    const cursors: Record<string, string> = {}
    let totalLines = 0
    for (const task of tasks) {
      const located = yield* locate(yield* queryOf(task, input), true)
      const page = yield* Effect.mapError(allLines(located), outputRemoved(task))
      lines.push(...page.lines.map((line) => ({ ...line, task: task.id })))
      // Never holds more than the requested lines in memory.
      lines.sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)))
      if (input.context === undefined) lines.splice(0, Math.max(0, lines.length - wanted))
      totalLines += located.totalLines
      cursors[task.id] = cursorAfter(located)
    }
    const answer: LinesOfMany = {
      totalLines,
      shownLines: lines.filter(({ context }) => context !== true).length,
      lines: lines.map(({ at, stream, task, text }) =>
        input.timestamps === true ? { task, text, stream, at } : { task, text }
      ),
      cursors
    }
    return answer
  })
})
