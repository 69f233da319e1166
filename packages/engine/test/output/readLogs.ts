// Reads all lines of a query, as a caller gets them.
import * as Effect from "effect/Effect"
import type { LogLine } from "../../src/output/LogLine.ts"
import { cursorAfter, locateLogs, type LogQuery } from "../../src/output/LogQuery.ts"
import { allLines } from "../../src/output/pages.ts"

/** The answer. */
export interface LogPage {
  readonly lines: readonly LogLine[]
  readonly totalLines: number
  readonly shownLines: number
  readonly hasMore: boolean
  readonly cursor: string
  readonly droppedBytes: number
  readonly lossPossible: boolean
}

/** Locates the lines and reads them. */
export const readLogs = Effect.fnUntraced(function* (query: LogQuery) {
  const located = yield* locateLogs(query, { count: true })
  const { lines, lostBytes } = yield* allLines(located)
  const { droppedBytes, hasMore, lossPossible, totalLines } = located
  const shownLines = lines.filter(({ context }) => context !== true).length
  const page: LogPage = {
    lines,
    totalLines,
    shownLines,
    hasMore,
    cursor: cursorAfter(located),
    droppedBytes: droppedBytes + lostBytes,
    lossPossible
  }
  return page
})
