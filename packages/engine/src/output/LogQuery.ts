// A query of log lines of one attempt, and the location of its lines.
import * as Effect from "effect/Effect"
import { formatCursor, parseCursor } from "./Cursor.ts"
import type { Cursor } from "./Cursor.ts"
import { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { type AttemptOutput, type LineChoice, locate, type Located } from "./locate.ts"
import type { LogLine } from "./LogLine.ts"
import { OutputFile } from "./OutputFile.ts"
import { outputStreams } from "./OutputStream.ts"
import type { OutputStream } from "./OutputStream.ts"
import { compilePattern } from "./Pattern.ts"

/** A query of lines. Take a sample of watched output before. */
export interface LogQuery {
  readonly output: AttemptOutput
  readonly lines: number
  readonly stream?: "both" | OutputStream
  /** A cursor: read forward from it. Absent: the last lines. */
  readonly since?: string
  readonly grep?: string
  readonly ignoreCase?: boolean
  /** The number of context lines before and after each match. */
  readonly context?: number
  readonly ansi?: boolean
  /** Also ends reading forward after this many bytes of text. */
  readonly maxBytes?: number
}

/** Locates the lines of a query. Fails with InvalidLogQuery if `since` or `grep` is invalid. */
export const locateLogs = Effect.fnUntraced(function* (
  query: LogQuery,
  { count }: { readonly count: boolean }
): Effect.fn.Return<Located, InvalidLogQuery> {
  const choice = yield* choiceOf(query, count)
  const { output, since } = query
  return yield* locate(
    output,
    choice,
    since === undefined ? undefined : yield* checkCursor(output, since)
  )
})

/** The `since` to read on after located lines. */
export const cursorAfter = ({ next, output }: Located): string =>
  formatCursor({ attempt: output.attempt, ...next })

/**
 * Returns the cursor after each located line. Pass the lines in order, each with the offset after
 * it.
 */
export const cursorsOf = (located: Located): ((line: LogLine, lineEnd: number) => string) => {
  const { attempt } = located.output
  const reached = { attempt, ...located.next }
  for (const { from, listed, stream } of located.parts) {
    const first = listed === undefined ? from : listed.list.at(listed.from)?.start
    reached[stream] = Math.min(reached[stream], first ?? reached[stream])
  }
  return ({ partial, stream }, lineEnd) => {
    // A line that may still grow is read again when it is complete.
    if (partial !== true) reached[stream] = lineEnd
    return formatCursor(reached)
  }
}

/** The line choice of a query. Fails with InvalidLogQuery for `grep`. */
export const choiceOf = Effect.fnUntraced(function* (
  query: Omit<LogQuery, "output">,
  count: boolean
): Effect.fn.Return<LineChoice, InvalidLogQuery> {
  const { grep, ignoreCase = false } = query
  return {
    stream: query.stream ?? "both",
    lines: query.lines,
    maxBytes: query.maxBytes ?? Number.POSITIVE_INFINITY,
    grep:
      grep === undefined
        ? undefined
        : { source: grep, pattern: yield* Effect.fromResult(compilePattern(grep, ignoreCase)) },
    contextLines: grep === undefined ? 0 : (query.context ?? 0),
    ansi: query.ansi ?? false,
    count
  }
})

/**
 * Parses a `since` and checks it against the output. A cursor of an earlier attempt is before
 * everything. Fails with InvalidLogQuery.
 */
export const checkCursor = Effect.fnUntraced(function* (
  { attempt, dir }: Pick<AttemptOutput, "attempt" | "dir">,
  since: string
): Effect.fn.Return<Cursor, InvalidLogQuery> {
  const cursor = parseCursor(since)
  if (cursor === undefined) return yield* wrongCursor("invalid cursor", since)
  if (cursor.attempt > attempt)
    return yield* wrongCursor("is the cursor of an attempt that has not started", since)
  if (cursor.attempt < attempt) return { attempt, stdout: 0, stderr: 0 }
  if (outputStreams.some((stream) => cursor[stream] > lengthOf(dir, stream))) {
    return yield* wrongCursor("is a cursor after the end of the output", since)
  }
  return cursor
})

function lengthOf(dir: string, stream: OutputStream): number {
  const file = new OutputFile(dir, stream)
  file.close()
  return file.end
}

function wrongCursor(what: string, since: string): InvalidLogQuery {
  return new InvalidLogQuery({ field: "since", message: `${what}: ${since.slice(0, 80)}` })
}
