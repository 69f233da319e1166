/** Waits for the output of a task after `send`. */
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
import { idleLineMs } from "../output/IdleLines.ts"
import { makeTaskLines } from "./taskLines.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeWaitUntil } from "../commit/until.ts"
import { toProblem } from "../call/Call.ts"
import { wrongField } from "../call/wrongField.ts"

/** What to wait for: a line that matches, or silence for so long after output. */
export type Awaited = { readonly until: string } | { readonly quietMs: number }

type Reply = Pick<Output<"send">, "lines" | "partial" | "hasMore" | "cursor">

const isAfter = (end: PerStream, { stderr, stdout }: PerStream): boolean =>
  end.stdout > stdout || end.stderr > stderr

const hasEnded = (task: Task, attempt: number): boolean =>
  task.state.attempt !== attempt || task.state.status !== "running"

/** Returns when there was output after a position, and then silence for `quietMs`. */
const quiet = (
  watch: OutputWatch,
  dir: string,
  from: PerStream,
  quietMs: number
): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    let cancel: (() => void) | undefined
    const restart = (): void => {
      cancel?.()
      cancel = callAfter(quietMs, () => resume(Effect.void))
    }
    const unsubscribe = watch.subscribe(restart)
    const release = watch.hurry()
    watch.sampleNow()
    if (isAfter(endOfOutput(dir), from)) restart()
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

/** Builds the functions that wait for a reply. */
export const makeReply = Effect.gen(function* () {
  const { root } = yield* Home
  const monitored = yield* MonitoredAttempts
  const lines = yield* makeTaskLines
  const untilTask = yield* makeWaitUntil

  const dirOf = (task: Task): string => readableDir(root, task, task.state.attempt)

  const matched = Effect.fnUntraced(function* (task: Task, since: string, pattern: string) {
    const matching = lines({
      id: task.id,
      attempt: task.state.attempt,
      since,
      grep: pattern,
      idleLineMs,
      single: true
    })
    const found = yield* Effect.mapError(Stream.runCollect(Stream.take(matching, 1)), (error) =>
      error._tag === "InvalidLogQuery"
        ? wrongField("until", error.message, error.hint)
        : toProblem(error)
    )
    const [line] = found
    return line === undefined
      ? yield* Effect.fail(endedBefore(task, pattern, since))
      : parseCursor(line.cursor)
  })

  const becameQuiet = Effect.fnUntraced(function* (task: Task, from: Cursor, quietMs: number) {
    const live = monitored.find(task.id)
    const ended = Effect.mapError(
      untilTask(task.id, (each) => hasEnded(each, from.attempt)),
      toProblem
    )
    if (live !== null && live.attempt === from.attempt)
      yield* Effect.raceFirst(quiet(live.readable.watch, dirOf(task), from, quietMs), ended)
    return endOfOutput(dirOf(task))
  })

  return {
    /** The cursor at the current end of a task's output. */
    cursorOf: (task: Task): string =>
      formatCursor({ attempt: task.state.attempt, ...endOfOutput(dirOf(task)) }),
    /**
     * The output after a cursor until the awaited condition. Fails with IllegalTransition if the
     * task ends before a line matches.
     */
    collect: Effect.fnUntraced(function* (task: Task, since: string, awaited: Awaited) {
      const from = parseCursor(since) ?? { attempt: task.state.attempt, stdout: 0, stderr: 0 }
      const to =
        "until" in awaited
          ? yield* matched(task, since, awaited.until)
          : yield* becameQuiet(task, from, awaited.quietMs)
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
