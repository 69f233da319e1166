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
import { cursorAfter, locateLogs, type LogQuery } from "../output/LogQuery.ts"
import { type LinePage, pagesOf } from "../output/pages.ts"
import { renderLine, summarize } from "../output/render.ts"
import { type Call, handle, withPayload } from "../call/Call.ts"
import { locate, outputRemoved, makeQueryOf, wrongQuery } from "../logs/logSource.ts"
import { makeLogsOfMany, misplacedForMany } from "../logs/logsOfMany.ts"
import { makeLogStream } from "../logs/logStream.ts"
import { makeSelect } from "../waiting/selection.ts"
import { View } from "../view/View.ts"
import { requiresStream, wrongField } from "../call/wrongField.ts"

/** How many lines are located and written at a time for an artifact. */
const artifactPartLines = 100_000
/** How many lines an answer shows beside its artifact. */
const briefLines = 20
/** The size of a line in JSON beside its text: two quotes and a comma. */
const quotedBytes = 3

type Inline = Extract<Output<"logs">, { readonly taskId: unknown }>

const streamOnly = ["follow", "until", "count"] as const

/** The fields of an answer, as if all located lines still existed; without the lines. */
const inlineOf = (task: Task, located: Located): Inline => ({
  taskId: task.id,
  totalLines: located.totalLines,
  shownLines: located.foundLines,
  ...(located.hasMore ? { hasMore: true } : {}),
  lines: [],
  cursor: cursorAfter(located)
})

/** The field is left out if nothing was dropped. */
const droppedOf = (bytes: number) => (bytes === 0 ? {} : { droppedBytes: bytes })

interface Showing {
  readonly timestamps: boolean
  readonly maxBytes: number
}

/** Reads the located lines. If they take more than `maxBytes`, keeps only the last ones. */
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
    outputRemoved(task)
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

/** The JSON of an answer with all lines, in parts. The counts are known after the last line. */
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
  // If an answer breaks off, the caller repeats it and gets the error.
  return Stream.concat(
    Stream.make(`${JSON.stringify(head).slice(0, -1)},"lines":[`),
    Stream.orDie(Stream.map(pagesOf(located), partOf))
  )
}

/** All requested lines as text for people, in parts. */
const textParts = (task: Task, located: Located, timestamps: boolean): Stream.Stream<string> => {
  let between = ""
  const rendered = (line: LogLine): string => {
    const part = `${between}${renderLine(line, timestamps)}`
    between = "\n"
    return part
  }
  const pages = Stream.mapError(pagesOf(located), outputRemoved(task))
  return Stream.orDie(Stream.map(pages, ({ lines }) => lines.map(rendered).join("")))
}

/** Writes all lines of the query to an artifact. Removes the file if the call is interrupted. */
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
          // Our own cursor is only invalid if the output was removed.
          const located = yield* Effect.mapError(part, (error) =>
            error.field === "since" ? outputRemoved(task)() : wrongQuery(error)
          )
          const write = ({ lines }: LinePage) =>
            Effect.sync(() =>
              file.write(lines.map((line) => `${renderLine(line, timestamps)}\n`).join(""))
            )
          yield* Effect.mapError(Stream.runForEach(pagesOf(located), write), outputRemoved(task))
          if (!located.hasMore) return file.finish()
          since = cursorAfter(located)
        }
      }),
    (file) => Effect.sync(() => file.discard())
  )
})

/** Builds a function that finds the tasks of a call. */
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

/** A hint if a grep without matches would match in another case. */
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

  /** The query of existing lines; null for several tasks. */
  const wholeOf = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const misplaced = streamOnly.find(
      (field) => input[field] !== undefined && input[field] !== false
    )
    if (misplaced !== undefined) return yield* Effect.fail(requiresStream(misplaced, "logs", input))
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
    const located = yield* locate(query, true)
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
    // With an explicit `auto` the caller wants all lines: in the answer, or in an artifact beside a
    // part of them.
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
    const misplaced = misplacedForMany(input)
    return misplaced === null ? yield* ofMany(tasks, input) : yield* Effect.fail(misplaced)
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
    return inlineParts(one.task, yield* locate(one.query, true), input.timestamps ?? false)
  })

  const text = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    if (call.flags.output === "artifact") return null
    const { one, tasks } = yield* wholeOf(input, call)
    if (one !== null)
      return textParts(one.task, yield* locate(one.query, false), input.timestamps ?? false)
    const { lines } = yield* ofMany(tasks, input)
    return Stream.make(lines.map(({ task, text: line }) => `${task} | ${line}`).join("\n"))
  })

  const stream = Effect.fnUntraced(function* (input: Input<"logs">, call: Call) {
    const tasks = yield* tasksOf(input, call)
    const misplaced = input.id === undefined ? misplacedForMany(input) : null
    return misplaced === null ? yield* streamOf(tasks, input, call) : yield* Effect.fail(misplaced)
  })

  return {
    ...handle(operations.logs, answer),
    parts: withPayload(operations.logs, parts),
    text: withPayload(operations.logs, text),
    stream: withPayload(operations.logs, stream)
  }
})
