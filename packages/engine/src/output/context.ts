// The lines around those that match `grep`, of the same stream, as `grep -C` shows them.
import * as Effect from "effect/Effect"
import type { Arrivals } from "./Arrivals.ts"
import type { LineSpan } from "./Line.ts"
import { mergeByArrival } from "./LogLine.ts"
import type { PlacedLine } from "./LogLine.ts"
import type { OutputFile } from "./OutputFile.ts"
import { scanBackward, scanForward } from "./scan.ts"

/** Adds up to `count` lines before and after each of these matches; a line near two of them comes once. */
export const withContext = Effect.fnUntraced(function* (
  arrivals: Arrivals,
  matches: readonly PlacedLine[],
  count: number
): Effect.fn.Return<readonly PlacedLine[]> {
  const lines = new Map(matches.map((line) => [keyOf(line.file, line.span), line]))
  for (const { file, span } of matches) {
    const before = yield* scanBackward(file, { before: span.start, count })
    const after = yield* linesAfter(file, span.next, count)
    for (const near of [...before, ...after]) {
      const key = keyOf(file, near)
      if (lines.has(key)) continue
      lines.set(key, { file, span: near, sample: arrivals.sampleOf(file.stream, near.next), context: true })
    }
  }
  return mergeByArrival([...lines.values()])
})

const linesAfter = Effect.fnUntraced(function* (file: OutputFile, from: number, count: number) {
  const spans: LineSpan[] = []
  yield* scanForward(file, { from, partial: true, visit: (span) => spans.push(span) < count })
  return spans
})

function keyOf(file: OutputFile, span: LineSpan): string {
  return `${file.stream}:${span.start}`
}
