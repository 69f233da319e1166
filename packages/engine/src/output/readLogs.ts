// Answers a request for log lines, over one attempt of a task or several.
import * as Effect from "effect/Effect"
import { formatCursor, parseCursor } from "./Cursor.ts"
import type { Cursor } from "./Cursor.ts"
import { InvalidLogQuery } from "./InvalidLogQuery.ts"
import type { LogLine } from "./LogLine.ts"
import { OutputFile } from "./OutputFile.ts"
import { outputStreams } from "./OutputStream.ts"
import type { OutputStream } from "./OutputStream.ts"
import { compilePattern } from "./Pattern.ts"
import { readAttempt } from "./readAttempt.ts"
import type { AttemptOutput, LineChoice } from "./readAttempt.ts"

/** A request for lines. `attempts` are read as one text, oldest first; take a sample of a watched one before. */
export interface LogQuery {
  readonly attempts: readonly AttemptOutput[]
  readonly lines: number
  readonly stream?: "both" | OutputStream
  /** A cursor: read forward from it; absent: the last lines. */
  readonly since?: string
  readonly grep?: string
  /** Lines of context before and after each match. */
  readonly context?: number
  readonly ansi?: boolean
}

/** The answer. */
export interface LogPage {
  readonly lines: readonly LogLine[]
  /** Lines kept in the streams asked for, matching ones with `grep`. */
  readonly totalLines: number
  /** Lines in this answer, without those of the context. */
  readonly shownLines: number
  /** Whether there are earlier lines, or with `since` further ones to read at once. */
  readonly hasMore: boolean
  /** What to give as `since` to read on. */
  readonly cursor: string
  /** Bytes before the oldest kept line that this reader never gets: all dropped ones, or those after `since`. */
  readonly droppedBytes: number
  /** Whether bytes may be missing beyond `droppedBytes`: a file was rotated by copying, or emptied by somebody else. */
  readonly lossPossible: boolean
}

/** Reads log lines. Fails with InvalidLogQuery when `since` or `grep` cannot be used. */
export const readLogs = Effect.fnUntraced(function* (query: LogQuery): Effect.fn.Return<LogPage, InvalidLogQuery> {
  const choice = yield* choiceOf(query, true)
  return query.since === undefined
    ? yield* readLast(query, choice)
    : yield* readFrom(query, choice, yield* checkCursor(query, query.since))
})

/** The choice of lines that a request makes. Fails with InvalidLogQuery for `grep`. */
export const choiceOf = Effect.fnUntraced(function* (
  query: Omit<LogQuery, "attempts">,
  count: boolean
): Effect.fn.Return<LineChoice, InvalidLogQuery> {
  const { grep } = query
  return {
    stream: query.stream ?? "both",
    lines: query.lines,
    grep: grep === undefined ? undefined : { source: grep, pattern: yield* Effect.fromResult(compilePattern(grep)) },
    contextLines: grep === undefined ? 0 : (query.context ?? 0),
    ansi: query.ansi ?? false,
    count
  }
})

/** Reads a `since` and holds it against what is there. Fails with InvalidLogQuery. */
export const checkCursor = Effect.fnUntraced(function* (
  query: Pick<LogQuery, "attempts">,
  since: string
): Effect.fn.Return<Cursor, InvalidLogQuery> {
  const cursor = parseCursor(since)
  if (cursor === undefined) return yield* wrongCursor("is not a cursor that an answer gave", since)
  const newest = query.attempts.at(-1)?.attempt ?? 0
  if (cursor.attempt > newest) return yield* wrongCursor("is of an attempt that has not been", since)
  const output = query.attempts.find(({ attempt }) => attempt === cursor.attempt)
  if (output !== undefined && outputStreams.some((stream) => cursor[stream] > lengthOf(output.dir, stream))) {
    return yield* wrongCursor("is behind the end of the output", since)
  }
  return cursor
})

const readLast = Effect.fnUntraced(function* (
  query: LogQuery,
  choice: LineChoice
): Effect.fn.Return<LogPage, InvalidLogQuery> {
  const pages: LogLine[][] = []
  const sums: Sums = { totalLines: 0, shownLines: 0, droppedBytes: 0, lossPossible: false }
  let cursor = formatCursor({ attempt: 1, stdout: 0, stderr: 0 })
  for (const output of query.attempts.toReversed()) {
    const page = yield* readAttempt(output, { ...choice, lines: choice.lines - sums.shownLines }, undefined)
    if (pages.length === 0) cursor = formatCursor({ attempt: output.attempt, ...page.next })
    pages.unshift([...page.lines])
    addTo(sums, page)
  }
  return { lines: pages.flat(), ...sums, hasMore: sums.totalLines > sums.shownLines, cursor }
})

const readFrom = Effect.fnUntraced(function* (
  query: LogQuery,
  choice: LineChoice,
  since: Cursor
): Effect.fn.Return<LogPage, InvalidLogQuery> {
  const lines: LogLine[] = []
  const sums: Sums = { totalLines: 0, shownLines: 0, droppedBytes: 0, lossPossible: false }
  let reached = since
  let hasMore = false
  for (const output of query.attempts) {
    if (output.attempt < since.attempt || hasMore) {
      sums.totalLines += (yield* readAttempt(output, { ...choice, lines: 0 }, undefined)).totalLines
      continue
    }
    const from = output.attempt === since.attempt ? since : { stdout: 0, stderr: 0 }
    const page = yield* readAttempt(output, { ...choice, lines: choice.lines - sums.shownLines }, from)
    lines.push(...page.lines)
    addTo(sums, page)
    hasMore = page.hasMore
    reached = { attempt: output.attempt, ...page.next }
  }
  return { lines, ...sums, hasMore, cursor: formatCursor(reached) }
})

type Sums = { -readonly [Key in "totalLines" | "shownLines" | "droppedBytes" | "lossPossible"]: LogPage[Key] }

function addTo(sums: Sums, page: Sums): void {
  sums.totalLines += page.totalLines
  sums.shownLines += page.shownLines
  sums.droppedBytes += page.droppedBytes
  sums.lossPossible ||= page.lossPossible
}

function lengthOf(dir: string, stream: OutputStream): number {
  const file = new OutputFile(dir, stream)
  file.close()
  return file.end
}

function wrongCursor(what: string, since: string): InvalidLogQuery {
  return new InvalidLogQuery({ field: "since", message: `${what}: ${since.slice(0, 80)}` })
}
