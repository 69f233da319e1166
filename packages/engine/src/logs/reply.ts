/** Waits for what a task writes after something was sent to it. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { type Problem, problem, taskNotFound } from "@backbeat/contract/Problem"
import type { Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { callAfter } from "../system/time.ts"
import { readableDir } from "../output/readableDir.ts"
import { Home } from "../home/Home.ts"
import { between, endOfOutput } from "../output/between.ts"
import { type Cursor, formatCursor, parseCursor } from "../output/Cursor.ts"
import type { OutputWatch } from "../output/Growth.ts"
import type { PerStream } from "../output/OutputStream.ts"
import { restMs } from "../output/Rest.ts"
import { makeTaskLines } from "./taskLines.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeWaitUntil } from "../commit/until.ts"
import { toProblem } from "../call/Call.ts"
import { wrongField } from "../call/wrongField.ts"

/** What is waited for: a line that matches, or that nothing came for so long. */
export type Awaited = { readonly until: string } | { readonly quietMs: number }

type Reply = Pick<Output<"send">, "lines" | "partial" | "hasMore" | "cursor">

const isBehind = (end: PerStream, { stderr, stdout }: PerStream): boolean =>
  end.stdout > stdout || end.stderr > stderr

const isOver = (task: Task, attempt: number): boolean =>
  task.state.attempt !== attempt || task.state.status !== "running"

/** Ends when something has come behind a place, and then nothing for so long. */
const quiet = (
  watch: OutputWatch,
  dir: string,
  from: PerStream,
  quietMs: number
): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    let cancel: (() => void) | undefined
    const grew = (): void => {
      cancel?.()
      cancel = callAfter(quietMs, () => resume(Effect.void))
    }
    const unsubscribe = watch.subscribe(grew)
    const release = watch.hurry()
    watch.sampleNow()
    if (isBehind(endOfOutput(dir), from)) grew()
    return Effect.sync(() => {
      cancel?.()
      unsubscribe()
      release()
    })
  })

const endedBefore = (task: Task, until: string, cursor: string): Problem =>
  problem(
    "IllegalTransition",
    `task ${task.id} ended before a line matched ${until}`,
    sentence`Run ${callOf("logs")} with since set to details.cursor, and ${callOf("why")}.`,
    { id: task.id, cursor }
  )

/** Waiting for replies; made once. */
export const makeReply = Effect.gen(function* () {
  const { root } = yield* Home
  const lives = yield* MonitoredAttempts
  const lines = yield* makeTaskLines
  const untilTask = yield* makeWaitUntil

  const dirOf = (task: Task): string => readableDir(root, task, task.state.attempt)

  const matched = Effect.fnUntraced(function* (task: Task, since: string, pattern: string) {
    const coming = lines({
      id: task.id,
      attempt: task.state.attempt,
      since,
      grep: pattern,
      restMs,
      single: true
    })
    const found = yield* Effect.mapError(Stream.runCollect(Stream.take(coming, 1)), (trouble) =>
      trouble._tag === "InvalidLogQuery"
        ? wrongField("until", trouble.message, trouble.hint)
        : toProblem(trouble)
    )
    const [line] = found
    return line === undefined
      ? yield* Effect.fail(endedBefore(task, pattern, since))
      : parseCursor(line.cursor)
  })

  const rested = Effect.fnUntraced(function* (task: Task, from: Cursor, quietMs: number) {
    const live = lives.find(task.id)
    const over = Effect.mapError(
      untilTask(task.id, (each) => isOver(each, from.attempt)),
      toProblem
    )
    if (live !== null && live.attempt === from.attempt)
      yield* Effect.raceFirst(quiet(live.readable.watch, dirOf(task), from, quietMs), over)
    return endOfOutput(dirOf(task))
  })

  return {
    /** The end of a task's output now. */
    cursorOf: (task: Task): string =>
      formatCursor({ attempt: task.state.attempt, ...endOfOutput(dirOf(task)) }),
    /** What came behind a place until what is awaited. Fails with IllegalTransition when the task ends before a line matched. */
    collect: Effect.fnUntraced(function* (task: Task, since: string, awaited: Awaited) {
      const from = parseCursor(since) ?? { attempt: task.state.attempt, stdout: 0, stderr: 0 }
      const to =
        "until" in awaited
          ? yield* matched(task, since, awaited.until)
          : yield* rested(task, from, awaited.quietMs)
      const found = yield* Effect.mapError(between(dirOf(task), from, to ?? from), () =>
        taskNotFound(task.id)
      )
      const reply: Reply = {
        lines: found.lines.map(({ text }) => text),
        ...(found.partial === null ? {} : { partial: found.partial.text }),
        ...(found.hasMore ? { hasMore: true } : {}),
        cursor: found.cursor
      }
      return reply
    })
  }
})
