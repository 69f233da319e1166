/** Answers `logs`, at once or as a stream. */
import { type Problem, taskNotFound } from "@backbeat/contract/Problem"
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
import { parseCursor } from "../output/Cursor.ts"
import type { LogLine } from "../output/LogLine.ts"
import type { Located } from "../output/locate.ts"
import { cursorBehind, cursorsOf, locateLogs, type LogQuery } from "../output/LogQuery.ts"
import { type LinePage, pagesOf } from "../output/pages.ts"
import { renderLine, summarize } from "../output/render.ts"
import { makeTaskLines } from "../output/taskLines.ts"
import { LiveAttempts } from "../task/LiveAttempts.ts"
import { type Call, handle, tied, toProblem } from "./Call.ts"
import { lineFrame, type StreamedLine } from "./frame.ts"
import { View, wrongField } from "./View.ts"

/** An inline answer that is larger than this many bytes becomes an artifact with `--output auto`. */
const inlineMaxBytes = 262_144
/** A part of an artifact, which is located before it is written, has this many lines at most. */
const artifactPartLines = 100_000
/** Of an answer that became an artifact this many lines are shown. */
const briefLines = 20
/** What a line costs in JSON beside its text: two quotes and a comma. */
const quotedBytes = 3

type Inline = Extract<Output<"logs">, { readonly lines: unknown }>

const refused = (error: { readonly field: string; readonly message: string }): Problem =>
  wrongField(error.field, error.message, error.field === "since" ? "Give the cursor of an earlier answer." : "JavaScript's syntax is used.")

const find = (query: LogQuery, count: boolean) => Effect.mapError(locateLogs(query, { count }), refused)

const gone = (task: Task) => (): Problem => ({
  ...taskNotFound(task.id),
  message: `the output of task ${task.id} was removed while it was read`
})

/** What an answer tells, as if all located lines were still there; without any of them. */
const inlineOf = (task: Task, located: Located): Inline => ({
  taskId: task.id,
  totalLines: located.totalLines,
  shownLines: located.foundLines,
  hasMore: located.hasMore,
  lines: [],
  cursor: cursorBehind(located),
  droppedBytes: located.droppedBytes
})

interface Showing {
  readonly timestamps: boolean
  readonly maxBytes: number
}

/** Reads what was located. Of an answer that takes more than `maxBytes` only the last lines are kept. */
const readInline = Effect.fnUntraced(function* (task: Task, located: Located, { maxBytes, timestamps }: Showing) {
  const lines: Array<Inline["lines"][number]> = []
  let bytes = 0
  let shownLines = 0
  let lostBytes = 0
  const take = (page: LinePage): void => {
    for (const { at, context, stream, text } of page.lines) {
      lines.push(timestamps ? { stream, text, at } : text)
      bytes += Buffer.byteLength(text) + quotedBytes
      if (context !== true) shownLines++
    }
    if (bytes > maxBytes) lines.splice(0, lines.length - briefLines)
    lostBytes = page.lostBytes
  }
  yield* Effect.mapError(Stream.runForEach(pagesOf(located), (page) => Effect.sync(() => take(page))), gone(task))
  const inline: Inline = { ...inlineOf(task, located), lines, shownLines, droppedBytes: located.droppedBytes + lostBytes }
  const isLarge = bytes > maxBytes || (maxBytes < Number.POSITIVE_INFINITY && Buffer.byteLength(JSON.stringify(inline)) > maxBytes)
  return { inline, isLarge }
})

/** The JSON of an answer with all of its lines. How many came and what was lost is known behind the last of them. */
const inlineParts = (task: Task, located: Located, timestamps: boolean): Stream.Stream<string> => {
  const { cursor, droppedBytes, hasMore, taskId, totalLines } = inlineOf(task, located)
  let shownLines = 0
  let comma = ""
  const partOf = ({ isLast, lines, lostBytes }: LinePage): string => {
    const items = lines.map(({ at, stream, text }) => JSON.stringify(timestamps ? { stream, text, at } : text)).join(",")
    shownLines += lines.filter(({ context }) => context !== true).length
    const part = `${items === "" ? "" : comma}${items}`
    if (items !== "") comma = ","
    const rest = isLast ? JSON.stringify({ shownLines, cursor, droppedBytes: droppedBytes + lostBytes }) : ""
    return isLast ? `${part}],${rest.slice(1)}` : part
  }
  const head = JSON.stringify({ taskId, totalLines, hasMore })
  // An answer that breaks off is asked for again, and then refused as it should be.
  return Stream.concat(Stream.make(`${head.slice(0, -1)},"lines":[`), Stream.orDie(Stream.map(pagesOf(located), partOf)))
}

/** The lines as text for people: all that are asked for, however large. */
const textParts = (task: Task, located: Located, timestamps: boolean): Stream.Stream<string> => {
  let between = ""
  const rendered = (line: LogLine): string => {
    const part = `${between}${renderLine(line, timestamps)}`
    between = "\n"
    return part
  }
  const pages = Stream.mapError(pagesOf(located), gone(task))
  return Stream.orDie(Stream.map(pages, ({ lines }) => lines.map(rendered).join("")))
}

/** Writes every line that the query could ask for into an artifact. Nothing is left of it when nobody waits for it any more. */
const writeAll = Effect.fnUntraced(function* (root: string, task: Task, query: LogQuery, timestamps: boolean) {
  const now = yield* Clock.currentTimeMillis
  const name = { key: `task.${task.id}.logs`, label: `Output of ${task.id}`, kind: "log", fileName: `${task.id}-${now}.log` }
  return yield* Effect.acquireUseRelease(
    Effect.sync(() => beginArtifact(root, name, now)),
    (file) =>
      Effect.gen(function* () {
        for (let since = `c${query.output.attempt}-0-0`; ; ) {
          const part = locateLogs({ ...query, since, lines: artifactPartLines }, { count: false })
          // A cursor of our own is wrong only where nothing is left.
          const located = yield* Effect.mapError(part, (error) => (error.field === "since" ? gone(task)() : refused(error)))
          const write = ({ lines }: LinePage) => Effect.sync(() => file.write(lines.map((line) => `${renderLine(line, timestamps)}\n`).join("")))
          yield* Effect.mapError(Stream.runForEach(pagesOf(located), write), gone(task))
          if (!located.hasMore) return file.finish()
          since = cursorBehind(located)
        }
      }),
    (file) => Effect.sync(() => file.discard())
  )
})

/**
 * The lines as they are asked for, each with the place from which to go on behind it; the first one behind a gap tells what was dropped
 * there. Among lines of context there is no such place: what stands around a match would come again or be missing.
 */
const linesOf = (task: Task, located: Located): Stream.Stream<StreamedLine, Problem> =>
  Stream.suspend(() => {
    const passed = cursorsOf(located)
    const isPlain = located.choice.contextLines === 0
    let toldBytes = 0
    return Stream.flatMap(Stream.mapError(pagesOf(located), gone(task)), ({ isLast, lineEnds, lines, lostBytes }) => {
      const each = lines.map((line, index): StreamedLine => (isPlain ? { ...line, cursor: passed(line, lineEnds[index] ?? 0) } : line))
      const droppedBytes = located.droppedBytes + lostBytes - toldBytes
      const first = droppedBytes > 0 ? each.splice(0, 1).map((line) => ({ ...line, droppedBytes })) : []
      if (first.length > 0) toldBytes += droppedBytes
      const all = [...first, ...each]
      // Nothing is left between the last one and the end of what was looked at.
      const last = isLast ? all.splice(-1).map((line) => ({ ...line, cursor: cursorBehind(located) })) : []
      return Stream.fromArray([...all, ...last])
    })
  })

const strayContext = ({ context = 0, follow, grep }: Input<"logs">): Problem | null => {
  if (context > 0 && grep === undefined) return wrongField("context", "goes with grep", "Add grep, or leave context away.")
  if (context === 0 || follow !== true) return null
  return wrongField("context", "does not go with follow", "Leave one of them away: what stands behind a line is not there when the line comes.")
}

/** Turns a payload into what is looked for; made once. */
const makeQueryOf = Effect.gen(function* () {
  const { root } = yield* Home
  const lives = yield* LiveAttempts
  return Effect.fnUntraced(function* (task: Task, input: Input<"logs">) {
    const stray = strayContext(input)
    if (stray !== null) return yield* Effect.fail(stray)
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
    return { ...choice, lines: lines ?? 100, output: { attempt, dir: shown, ended: !isLive } } satisfies LogQuery
  })
})

/** The handler of `logs`. */
export const makeLogsHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const store = yield* TaskStore
  const taskLines = yield* makeTaskLines
  const queryOf = yield* makeQueryOf

  /** What is asked of lines that are there, without any that come. */
  const wholeOf = Effect.fnUntraced(function* (input: Input<"logs">) {
    if (input.follow === true) return yield* Effect.fail(wrongField("follow", "goes with --stream", "Add the flag --stream."))
    const task = yield* view.find(input.id)
    return { task, query: yield* queryOf(task, input) }
  })

  const answer = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const { task, query } = yield* wholeOf(input)
    const timestamps = input.timestamps ?? false
    const mode = call.flags.output ?? "auto"
    const located = yield* find(query, true)
    const { inline, isLarge } =
      mode === "artifact"
        ? { inline: inlineOf(task, located), isLarge: true }
        : yield* readInline(task, located, { timestamps, maxBytes: mode === "inline" ? Number.POSITIVE_INFINITY : inlineMaxBytes })
    if (!isLarge) return inline
    const artifact = yield* writeAll(root, task, query, timestamps)
    const brief = { ...inline, lines: inline.lines.slice(-briefLines) }
    return { kind: "summary+artifact" as const, summary: summarize(task.id, inline), inline: brief, artifact }
  })

  const parts = Effect.fnUntraced(function* (input: Input<"logs">, { flags }: Call) {
    if (flags.output !== "inline" || flags.pretty === true || flags.human === true) return null
    const { task, query } = yield* wholeOf(input)
    return inlineParts(task, yield* find(query, true), input.timestamps ?? false)
  })

  const text = Effect.fnUntraced(function* (input: Input<"logs">, { flags }: Call) {
    if (flags.output === "artifact") return null
    const { task, query } = yield* wholeOf(input)
    return textParts(task, yield* find(query, false), input.timestamps ?? false)
  })

  const stream = Effect.fnUntraced(function* (input: Input<"logs">) {
    const task = yield* view.find(input.id)
    const query = yield* queryOf(task, input)
    const sequence = yield* Effect.mapError(store.lastSequence, toProblem(task.id))
    if (input.follow === true) {
      // One look gives both: what comes after it is behind its cursor.
      const located = input.since === undefined ? yield* find(query, false) : null
      const begin = located === null ? input.since : cursorBehind(located)
      // Attempts that have begun since then come too.
      const attempt = input.attempt ?? Math.min(query.output.attempt, parseCursor(begin ?? "")?.attempt ?? query.output.attempt)
      const past = located === null ? Stream.empty : linesOf(task, located)
      const { stream: which, grep, ansi, raw } = input
      const coming = taskLines({ id: task.id, attempt, since: begin, stream: which, grep, ansi, raw, single: input.attempt !== undefined })
      const lines = Stream.mapError(coming, (trouble) =>
        trouble._tag === "InvalidLogQuery" ? refused(trouble) : toProblem(task.id)(trouble)
      )
      return Stream.map(Stream.concat(past, lines), (line) => lineFrame(task.id, sequence, line))
    }
    return Stream.map(linesOf(task, yield* find(query, false)), (line) => lineFrame(task.id, sequence, line))
  })

  return { ...handle(operations.logs, answer), parts: tied(operations.logs, parts), text: tied(operations.logs, text), stream: tied(operations.logs, stream) }
})
