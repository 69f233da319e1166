// Adds the lines around matches of `grep`, from the same stream, like `grep -C`.
import * as Effect from "effect/Effect"
import type { LineSpan } from "./Line.ts"
import { type LineSource, type ShownSpan, linesPerBatch } from "./lineSources.ts"
import type { OutputFile } from "./OutputFile.ts"
import { scanBackward, scanBuffer, scanForward } from "./scan.ts"
import type { ListedLines } from "./SpanList.ts"

const usualLineBytes = 256

/**
 * The lines of a list with up to `count` lines before and after each. A line near two matches comes
 * once.
 */
export const linesAround = (
  file: OutputFile,
  { list, from, to }: ListedLines,
  count: number
): LineSource => {
  const buffer = scanBuffer(Math.max(4_096, count * usualLineBytes))
  let place = from
  let shownTo = 0

  const linesAfter = Effect.fnUntraced(function* (match: LineSpan, before: number) {
    const spans: LineSpan[] = []
    const visit = (span: LineSpan): boolean => span.start < before && spans.push(span) < count
    if (match.next < before)
      yield* scanForward(file, { from: match.next, partial: true, visit, buffer })
    return spans
  })

  const around = Effect.fnUntraced(function* (match: LineSpan, spans: ShownSpan[]) {
    const near =
      match.start > shownTo ? yield* scanBackward(file, { before: match.start, count, buffer }) : []
    for (const span of near) if (span.start >= shownTo) spans.push({ ...span, context: true })
    spans.push(match)
    const following = place < to ? list.at(place)?.start : undefined
    const after = yield* linesAfter(match, following ?? Number.POSITIVE_INFINITY)
    for (const span of after) spans.push({ ...span, context: true })
    shownTo = (after.at(-1) ?? match).next
  })

  const nextBatch = Effect.gen(function* () {
    const spans: ShownSpan[] = []
    while (spans.length < linesPerBatch && place < to) {
      const match = list.at(place++)
      if (match !== undefined) yield* around(match, spans)
    }
    return spans
  })
  return { file, nextBatch, lostBytes: () => 0 }
}
