/** Converts a payload of `logs` into a query of lines. */
import { type Problem, taskNotFound, withChange } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import { existsSync } from "../system/files.ts"
import { readableDir } from "../output/readableDir.ts"
import { attemptDir, Home } from "../home/Home.ts"
import { locateLogs, type LogQuery } from "../output/LogQuery.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { wrongField } from "../call/wrongField.ts"
import { once } from "../wiring/once.ts"

/** The problem of an invalid query. */
export const wrongQuery = (error: {
  readonly field: string
  readonly message: string
  readonly hint: string
}): Problem => wrongField(error.field, error.message, error.hint)

/** Locates the lines of a query. */
export const locate = (query: LogQuery, count: boolean) =>
  Effect.mapError(locateLogs(query, { count }), wrongQuery)

/** The problem that output was removed while it was read. */
export const outputRemoved = (task: Task) => (): Problem => ({
  ...taskNotFound(task.id),
  message: `the output of task ${task.id} was removed during the call`
})

const misplacedContext = ({ context = 0, follow, grep }: Input<"logs">): Problem | null => {
  if (context > 0 && grep === undefined)
    return withChange(wrongField("context", "requires grep", "Add grep, or remove context."), {
      context: undefined
    })
  if (context === 0 || follow !== true) return null
  return withChange(
    wrongField(
      "context",
      "cannot be combined with follow",
      "Remove one of them: when a match is printed, the lines after it do not exist yet."
    ),
    { context: undefined }
  )
}

/** Builds a function that converts a payload into a query. */
export const makeQueryOf = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const monitored = yield* MonitoredAttempts
    return Effect.fnUntraced(function* (task: Task, input: Input<"logs">) {
      const misplaced = misplacedContext(input)
      if (misplaced !== null) return yield* Effect.fail(misplaced)
      const last = Math.max(1, lastAttempt(task.state))
      const attempt = input.attempt ?? last
      const dir = attemptDir(root, task.id, attempt)
      if (attempt > last || (input.attempt !== undefined && !existsSync(dir))) {
        return yield* Effect.fail(
          withChange(
            wrongField(
              "attempt",
              `attempt ${attempt} has no output`,
              `The last attempt is ${last}.`
            ),
            { attempt: last }
          )
        )
      }
      const live = monitored.find(task.id)
      const isLive = live?.attempt === attempt
      if (live !== null && isLive)
        (input.raw === true ? live.output : live.readable.watch).sampleNow()
      const { raw, lines = 100 } = input
      const choice = Struct.pick(input, [
        "stream",
        "since",
        "grep",
        "ignoreCase",
        "context",
        "ansi"
      ])
      const shown = raw === true ? dir : readableDir(root, task, attempt)
      return {
        ...choice,
        lines,
        output: { attempt, dir: shown, ended: !isLive }
      } satisfies LogQuery
    })
  })
)
