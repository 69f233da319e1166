/** Answers `logs`, at once or as a stream. */
import { type Problem } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/output"
import type { Input, Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { existsSync } from "node:fs"
import { beginArtifact } from "../home/artifact.ts"
import { readableDir } from "../agent/readableDir.ts"
import { attemptDir, Home } from "../home/Home.ts"
import type { LogLine } from "../output/LogLine.ts"
import { type LogPage, type LogQuery, readLogs } from "../output/readLogs.ts"
import { renderLine, summarize } from "../output/render.ts"
import { makeTaskLines } from "../output/taskLines.ts"
import { LiveAttempts } from "../task/LiveAttempts.ts"
import { type Call, handle, handleStream, toProblem } from "./Call.ts"
import { lineFrame } from "./frame.ts"
import { View, wrongField } from "./View.ts"

/** An inline answer that is larger than this many bytes becomes an artifact with `--output auto`. */
const inlineMaxBytes = 262_144
const artifactPageLines = 5000

type Inline = Extract<Output<"logs">, { readonly lines: unknown }>

const inlineOf = (taskId: string, page: LogPage, timestamps: boolean): Inline => ({
  taskId,
  totalLines: page.totalLines,
  shownLines: page.shownLines,
  hasMore: page.hasMore,
  lines: page.lines.map(({ stream, text, at }: LogLine) => (timestamps ? { stream, text, at } : text)),
  cursor: page.cursor,
  droppedBytes: page.droppedBytes
})

const refused = (error: { readonly field: string; readonly message: string }): Problem =>
  wrongField(error.field, error.message, error.field === "since" ? "Give the cursor of an earlier answer." : "JavaScript's syntax is used.")

const read = (query: LogQuery) => Effect.mapError(readLogs(query), refused)

/** Writes every line of the query into an artifact, page by page. */
const writeAll = Effect.fnUntraced(function* (root: string, task: Task, query: LogQuery, timestamps: boolean) {
  const now = yield* Clock.currentTimeMillis
  const name = { key: `task.${task.id}.logs`, label: `Output of ${task.id}`, kind: "log", fileName: `${task.id}-${now}.log` }
  const file = beginArtifact(root, name, now)
  const attempt = query.attempts[0]?.attempt ?? 1
  for (let since = `c${attempt}-0-0`; ; ) {
    const page = yield* read({ ...query, since, lines: artifactPageLines })
    file.write(page.lines.map((line) => `${renderLine(line, timestamps)}\n`).join(""))
    if (!page.hasMore) return file.finish()
    since = page.cursor
  }
})

/** The lines of a page; the last one carries the place from which to go on. */
const withCursor = ({ lines, cursor }: LogPage): ReadonlyArray<LogLine & { readonly cursor?: string }> =>
  lines.map((line, index) => (index === lines.length - 1 ? { ...line, cursor } : line))

/** The handler of `logs`. */
export const makeLogsHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const lives = yield* LiveAttempts
  const store = yield* TaskStore
  const taskLines = yield* makeTaskLines

  const queryOf = Effect.fnUntraced(function* (task: Task, input: Input<"logs">) {
    const last = Math.max(1, lastAttempt(task.state))
    const attempt = input.attempt ?? last
    const dir = attemptDir(root, task.id, attempt)
    if (attempt > last || (input.attempt !== undefined && !existsSync(dir))) {
      return yield* Effect.fail(wrongField("attempt", `attempt ${attempt} has no output`, `The last attempt is ${last}.`))
    }
    const live = lives.find(task.id)
    const isLive = live?.attempt === attempt
    if (isLive) (input.raw === true ? live.output : live.readable.watch).sampleNow()
    const { id: _, attempt: __, follow: ___, timestamps: ____, raw, lines, ...choice } = input
    const shown = raw === true ? dir : readableDir(root, task, attempt)
    return { ...choice, lines: lines ?? 100, attempts: [{ attempt, dir: shown, ended: !isLive }] } satisfies LogQuery
  })

  const answer = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const task = yield* view.find(input.id)
    const query = yield* queryOf(task, input)
    const timestamps = input.timestamps ?? false
    const page = yield* read(query)
    const inline = inlineOf(task.id, page, timestamps)
    const mode = call.flags.output ?? "auto"
    const large = mode === "artifact" || (mode === "auto" && Buffer.byteLength(JSON.stringify(inline)) > inlineMaxBytes)
    if (!large) return inline
    const artifact = yield* writeAll(root, task, query, timestamps)
    const brief = { ...inline, lines: mode === "artifact" ? [] : inline.lines.slice(-20) }
    return { kind: "summary+artifact" as const, summary: summarize(task.id, page), inline: brief, artifact }
  })

  const stream = Effect.fnUntraced(function* (input: Input<"logs">) {
    const task = yield* view.find(input.id)
    const query = yield* queryOf(task, input)
    const sequence = yield* Effect.mapError(store.lastSequence, toProblem(task.id))
    if (input.follow === true) {
      const attempt = query.attempts[0]?.attempt ?? 1
      // One look gives both: what comes after it is behind its cursor.
      const page = input.since === undefined ? yield* read(query) : null
      const begin = input.since ?? page?.cursor
      const past = page === null ? [] : withCursor(page)
      const { stream: which, grep, ansi, raw } = input
      const coming = taskLines({ id: task.id, attempt, since: begin, stream: which, grep, ansi, raw, single: input.attempt !== undefined })
      const lines = Stream.mapError(coming, (trouble) =>
        trouble._tag === "InvalidLogQuery" ? refused(trouble) : toProblem(task.id)(trouble)
      )
      return Stream.map(Stream.concat(Stream.fromIterable(past), lines), (line) => lineFrame(task.id, sequence, line))
    }
    return Stream.fromIterable(withCursor(yield* read(query)).map((line) => lineFrame(task.id, sequence, line)))
  })

  return { ...handle(operations.logs, answer), stream: handleStream(operations.logs, stream) }
})
