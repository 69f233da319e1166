/** Streams the lines of tasks: existing ones, and with `follow` new ones. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { Frame } from "@backbeat/contract/operation/output"
import type { Input } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { History } from "@backbeat/store/History"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { parseCursor } from "../output/Cursor.ts"
import type { Located } from "../output/locate.ts"
import { cursorAfter, cursorsOf } from "../output/LogQuery.ts"
import { pagesOf } from "../output/pages.ts"
import { compilePattern } from "../output/Pattern.ts"
import { makeTaskLines } from "./taskLines.ts"
import { type Call, toProblem } from "../call/Call.ts"
import { lineFrame, type StreamedLine } from "../view/frame.ts"
import { locate, outputRemoved, makeQueryOf, wrongQuery } from "./logSource.ts"
import { wrongField } from "../call/wrongField.ts"
import { timeLeftMs } from "../call/timeLeft.ts"

/**
 * The requested lines, each with the cursor after it. The first line after a gap says how many
 * bytes were dropped there. With context lines there are no cursors, because lines around a match
 * would be repeated or missing.
 */
const linesOf = (task: Task, located: Located): Stream.Stream<StreamedLine, Problem> =>
  Stream.suspend(() => {
    const passed = cursorsOf(located)
    const isPlain = located.choice.contextLines === 0
    let reportedBytes = 0
    return Stream.flatMap(
      Stream.mapError(pagesOf(located), outputRemoved(task)),
      ({ isLast, lineEnds, lines, lostBytes }) => {
        const each = lines.map((line, index): StreamedLine =>
          isPlain ? { ...line, cursor: passed(line, lineEnds[index] ?? 0) } : line
        )
        const droppedBytes = located.droppedBytes + lostBytes - reportedBytes
        const first =
          droppedBytes > 0 ? each.splice(0, 1).map((line) => ({ ...line, droppedBytes })) : []
        if (first.length > 0) reportedBytes += droppedBytes
        const all = [...first, ...each]
        // Nothing follows the last line in the located range.
        const last = isLast
          ? all.splice(-1).map((line) => ({ ...line, cursor: cursorAfter(located) }))
          : []
        return Stream.fromArray([...all, ...last])
      }
    )
  })

/** A line of a task. */
interface TaskLine {
  readonly task: Task
  readonly line: StreamedLine
}

/**
 * Limits a stream as the caller wants: after a matching line, after a number of lines, or after a
 * time.
 */
const limited = (
  lines: Stream.Stream<TaskLine, Problem>,
  { count, until }: Input<"logs">,
  ms: number | null
): Effect.Effect<Stream.Stream<TaskLine, Problem>, Problem> =>
  Effect.gen(function* () {
    const counted = count === undefined ? lines : Stream.take(lines, count)
    if (until === undefined)
      return ms === null ? counted : Stream.interruptWhen(counted, Effect.sleep(ms))
    const { test } = yield* Effect.fromResult(
      Result.mapError(compilePattern(until), ({ hint, message }) =>
        wrongField("until", message, hint)
      )
    )
    let isMatched = false
    let readCount = 0
    const matching = Stream.takeUntil(counted, ({ line }) => {
      readCount++
      return (isMatched = test(line.text) === true)
    })
    const missing = Effect.suspend(() =>
      isMatched || readCount === count
        ? Effect.void
        : Effect.fail(
            problem(
              "IllegalTransition",
              `the output ended before a line matched ${until}`,
              sentence`Run ${callOf("why")} and ${callOf("logs")} to see the reason.`,
              {}
            )
          )
    )
    const whole = Stream.concat(matching, Stream.drain(Stream.fromEffect(missing)))
    if (ms === null) return whole
    const timedOut = problem(
      "TaskWaitTimedOut",
      `the stream timed out after ${ms} ms: no line matched ${until}`,
      "Call again with since set to the cursor of the last line.",
      { timeoutMs: ms }
    )
    return Stream.interruptWhen(whole, Effect.andThen(Effect.sleep(ms), Effect.fail(timedOut)))
  })

/** Builds streams of lines. */
export const makeLogStream = Effect.gen(function* () {
  const history = yield* History
  const taskLines = yield* makeTaskLines
  const queryOf = yield* makeQueryOf

  const linesOfTask = Effect.fnUntraced(function* (task: Task, input: Input<"logs">) {
    const query = yield* queryOf(task, input)
    if (input.follow !== true) return linesOf(task, yield* locate(query, false))
    // Locating gives both the existing lines and the cursor after them, from which new lines are
    // read.
    const located = input.since === undefined ? yield* locate(query, false) : null
    const begin = located === null ? input.since : cursorAfter(located)
    // Includes the attempts that have started since then.
    const attempt =
      input.attempt ??
      Math.min(query.output.attempt, parseCursor(begin ?? "")?.attempt ?? query.output.attempt)
    const past = located === null ? Stream.empty : linesOf(task, located)
    const { stream: which, grep, ignoreCase, ansi, raw } = input
    const single = input.attempt !== undefined
    const followed = taskLines({
      id: task.id,
      attempt,
      since: begin,
      stream: which,
      grep,
      ignoreCase,
      ansi,
      raw,
      single
    })
    const lines = Stream.mapError(followed, (error) =>
      error._tag === "InvalidLogQuery" ? wrongQuery(error) : toProblem(error)
    )
    return Stream.concat(past, lines)
  })

  return Effect.fnUntraced(function* (
    tasks: ReadonlyArray<Task>,
    input: Input<"logs">,
    call: Call
  ) {
    const sequence = yield* Effect.mapError(history.lastSequence, toProblem)
    const each = yield* Effect.forEach(tasks, (task) =>
      Effect.map(linesOfTask(task, input), (lines) =>
        Stream.map(lines, (line): TaskLine => ({ task, line }))
      )
    )
    const [only] = each
    const all =
      each.length === 1 && only !== undefined
        ? only
        : Stream.mergeAll(each, { concurrency: "unbounded" })
    const now = yield* Clock.currentTimeMillis
    const frames = yield* limited(all, input, timeLeftMs(call, now))
    return Stream.map(frames, ({ line, task }): Frame => lineFrame(task.id, sequence, line))
  })
})
