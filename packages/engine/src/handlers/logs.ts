/** Answers `logs`, at once or as a stream. */
import { inlineMaxBytes } from "@backbeat/contract/Artifact"
import * as operations from "@backbeat/contract/operation/output"
import type { Input, Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { beginArtifact } from "../home/artifact.ts"
import { Home } from "../home/Home.ts"
import type { LogLine } from "../output/LogLine.ts"
import type { Located } from "../output/locate.ts"
import { cursorBehind, locateLogs, type LogQuery } from "../output/LogQuery.ts"
import { type LinePage, pagesOf } from "../output/pages.ts"
import { renderLine, summarize } from "../output/render.ts"
import { type Call, handle, withPayload } from "../call/Call.ts"
import { find, gone, makeQueryOf, refused } from "../logs/logSource.ts"
import { makeLogsOfMany, strayOfMany } from "../logs/logsOfMany.ts"
import { makeLogStream } from "../logs/logStream.ts"
import { makeSelect } from "../waiting/selection.ts"
import { View } from "../view/View.ts"
import { requiresStream, wrongField } from "../call/wrongField.ts"

/** A part of an artifact, which is located before it is written, has this many lines at most. */
const artifactPartLines = 100_000
/** Of an answer that became an artifact this many lines are shown. */
const briefLines = 20
/** What a line costs in JSON beside its text: two quotes and a comma. */
const quotedBytes = 3

type Inline = Extract<Output<"logs">, { readonly taskId: unknown }>

const streamOnly = ["follow", "until", "count"] as const

/** What an answer tells, as if all located lines were still there; without any of them. */
const inlineOf = (task: Task, located: Located): Inline => ({
  taskId: task.id,
  totalLines: located.totalLines,
  shownLines: located.foundLines,
  ...(located.hasMore ? { hasMore: true } : {}),
  lines: [],
  cursor: cursorBehind(located)
})

/** Of what was dropped nothing is said when nothing was. */
const droppedOf = (bytes: number) => (bytes === 0 ? {} : { droppedBytes: bytes })

interface Showing {
  readonly timestamps: boolean
  readonly maxBytes: number
}

/** Reads what was located. Of an answer that takes more than `maxBytes` only the last lines are kept. */
const readInline = Effect.fnUntraced(function* (
  task: Task,
  located: Located,
  { maxBytes, timestamps }: Showing
) {
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
  yield* Effect.mapError(
    Stream.runForEach(pagesOf(located), (page) => Effect.sync(() => take(page))),
    gone(task)
  )
  const inline: Inline = {
    ...inlineOf(task, located),
    lines,
    shownLines,
    ...droppedOf(located.droppedBytes + lostBytes)
  }
  const isLarge =
    bytes > maxBytes ||
    (maxBytes < Number.POSITIVE_INFINITY && Buffer.byteLength(JSON.stringify(inline)) > maxBytes)
  return { inline, isLarge }
})

/** The JSON of an answer with all of its lines. How many came and what was lost is known behind the last of them. */
const inlineParts = (task: Task, located: Located, timestamps: boolean): Stream.Stream<string> => {
  const { lines: _, shownLines: __, cursor, ...head } = inlineOf(task, located)
  const { droppedBytes } = located
  let shownLines = 0
  let comma = ""
  const partOf = ({ isLast, lines, lostBytes }: LinePage): string => {
    const items = lines
      .map(({ at, stream, text }) => JSON.stringify(timestamps ? { stream, text, at } : text))
      .join(",")
    shownLines += lines.filter(({ context }) => context !== true).length
    const part = `${items === "" ? "" : comma}${items}`
    if (items !== "") comma = ","
    const rest = isLast
      ? JSON.stringify({ shownLines, cursor, ...droppedOf(droppedBytes + lostBytes) })
      : ""
    return isLast ? `${part}],${rest.slice(1)}` : part
  }
  // An answer that breaks off is asked for again, and then refused as it should be.
  return Stream.concat(
    Stream.make(`${JSON.stringify(head).slice(0, -1)},"lines":[`),
    Stream.orDie(Stream.map(pagesOf(located), partOf))
  )
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
const writeAll = Effect.fnUntraced(function* (
  root: string,
  task: Task,
  query: LogQuery,
  timestamps: boolean
) {
  const now = yield* Clock.currentTimeMillis
  const name = {
    key: `task.${task.id}.logs`,
    label: `Output of ${task.id}`,
    kind: "log",
    fileName: `${task.id}-${now}.log`
  }
  return yield* Effect.acquireUseRelease(
    Effect.sync(() => beginArtifact(root, name, now)),
    (file) =>
      Effect.gen(function* () {
        for (let since = `c${query.output.attempt}-0-0`; ;) {
          const part = locateLogs({ ...query, since, lines: artifactPartLines }, { count: false })
          // A cursor of our own is wrong only where nothing is left.
          const located = yield* Effect.mapError(part, (error) =>
            error.field === "since" ? gone(task)() : refused(error)
          )
          const write = ({ lines }: LinePage) =>
            Effect.sync(() =>
              file.write(lines.map((line) => `${renderLine(line, timestamps)}\n`).join(""))
            )
          yield* Effect.mapError(Stream.runForEach(pagesOf(located), write), gone(task))
          if (!located.hasMore) return file.finish()
          since = cursorBehind(located)
        }
      }),
    (file) => Effect.sync(() => file.discard())
  )
})

/** Which tasks are meant; made once. */
const makeTasksOf = Effect.gen(function* () {
  const view = yield* View
  const select = yield* makeSelect
  return Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const { id, ids, tag } = input
    if ([id, ids, tag].filter((each) => each !== undefined).length !== 1) {
      return yield* Effect.fail(
        wrongField("id", "exactly one of id, ids and tag is required", "Use exactly one of them.")
      )
    }
    if (id !== undefined) return [yield* view.find(id)]
    return yield* Effect.forEach(yield* select(input, call, { live: false }), view.find)
  })
})

/** With a grep that finds nothing: whether it would without regard to case. */
const hintOf = Effect.fnUntraced(function* (
  { grep, ignoreCase }: Input<"logs">,
  query: LogQuery,
  { totalLines }: Located
) {
  if (grep === undefined || ignoreCase === true || totalLines > 0) return {}
  const found = yield* Effect.result(locateLogs({ ...query, ignoreCase: true }, { count: true }))
  if (found._tag === "Failure" || found.success.totalLines === 0) return {}
  const { totalLines: more } = found.success
  return {
    hint: `${more} ${more === 1 ? "line matches" : "lines match"} in another case: add "ignoreCase": true`
  }
})

/** The handler of `logs`. */
export const makeLogsHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const tasksOf = yield* makeTasksOf
  const queryOf = yield* makeQueryOf
  const ofMany = yield* makeLogsOfMany
  const streamOf = yield* makeLogStream

  /** What is asked of lines that are there, without any that come; null where several tasks are meant. */
  const wholeOf = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const stray = streamOnly.find((field) => input[field] !== undefined && input[field] !== false)
    if (stray !== undefined) return yield* Effect.fail(requiresStream(stray, "logs", input))
    const tasks = yield* tasksOf(input, call)
    const [task] = tasks
    if (input.id === undefined || task === undefined) return { tasks, one: null }
    return { tasks, one: { task, query: yield* queryOf(task, input) } }
  })

  const answerOne = Effect.fnUntraced(function* (
    { query, task }: { readonly task: Task; readonly query: LogQuery },
    input: Input<"logs">,
    call: Call
  ) {
    const timestamps = input.timestamps ?? false
    const mode = call.flags.output
    const located = yield* find(query, true)
    const { inline, isLarge } =
      mode === "artifact"
        ? {
            inline: { ...inlineOf(task, located), ...droppedOf(located.droppedBytes) },
            isLarge: true
          }
        : yield* readInline(task, located, {
            timestamps,
            maxBytes: mode === "inline" ? Number.POSITIVE_INFINITY : inlineMaxBytes
          })
    // Who writes auto wants all of it: here, or beside a part of it in a file.
    if (!isLarge && !(mode === "auto" && located.hasMore))
      return { ...inline, ...(yield* hintOf(input, query, located)) }
    const artifact = yield* writeAll(root, task, query, timestamps)
    const brief = isLarge ? { ...inline, lines: inline.lines.slice(-briefLines) } : inline
    return {
      kind: "summary+artifact" as const,
      summary: summarize(task.id, inline),
      inline: brief,
      artifact
    }
  })

  const answer = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const { one, tasks } = yield* wholeOf(input, call)
    if (one !== null) return yield* answerOne(one, input, call)
    const stray = strayOfMany(input)
    return stray === null ? yield* ofMany(tasks, input) : yield* Effect.fail(stray)
  })

  const parts = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const { flags } = call
    if (
      flags.output !== "inline" ||
      flags.pretty === true ||
      flags.human === true ||
      input.id === undefined
    )
      return null
    const { one } = yield* wholeOf(input, call)
    if (one === null || input.grep !== undefined) return null
    return inlineParts(one.task, yield* find(one.query, true), input.timestamps ?? false)
  })

  const text = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    if (call.flags.output === "artifact") return null
    const { one, tasks } = yield* wholeOf(input, call)
    if (one !== null)
      return textParts(one.task, yield* find(one.query, false), input.timestamps ?? false)
    const { lines } = yield* ofMany(tasks, input)
    return Stream.make(lines.map(({ task, text: said }) => `${task} | ${said}`).join("\n"))
  })

  const stream = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const tasks = yield* tasksOf(input, call)
    const stray = input.id === undefined ? strayOfMany(input) : null
    return stray === null ? yield* streamOf(tasks, input, call) : yield* Effect.fail(stray)
  })

  return {
    ...handle(operations.logs, answer),
    parts: withPayload(operations.logs, parts),
    text: withPayload(operations.logs, text),
    stream: withPayload(operations.logs, stream)
  }
})
