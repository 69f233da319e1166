// Reads the lines of one stream in batches, so that walking over all of them holds only a few.
import * as Effect from "effect/Effect"
import type { LineSpan } from "./Line.ts"
import type { OutputFile } from "./OutputFile.ts"
import { scanBackward, scanBuffer, scanForward } from "./scan.ts"
import type { ListedLines } from "./SpanList.ts"

/** About how many lines a batch has. */
export const linesPerBatch = 2_048
const bytesPerBatch = 1_048_576

/** A line to show; `context` is set if it is only near a match. */
export interface ShownSpan extends LineSpan {
  readonly context?: true
}

/**
 * The lines of one stream in one direction: each run of `nextBatch` returns the next ones, and none
 * at the end.
 */
export interface LineSource {
  readonly file: OutputFile
  readonly nextBatch: Effect.Effect<readonly ShownSpan[]>
  /** The bytes of lines that rotation dropped before they were read. */
  readonly lostBytes: () => number
}

/**
 * A range of a stream: the lines that start at `from` or later and before `to`. `partial` includes
 * a last one without newline.
 */
export interface LineRange {
  readonly from: number
  readonly to: number
  readonly partial: boolean
}

/** The lines of a range, oldest first. */
export const linesIn = (
  file: OutputFile,
  { from, to, partial }: LineRange
): LineSource & { readonly readTo: () => number } => {
  const buffer = scanBuffer(Math.min(to, file.end) - from)
  let position = from
  let lostBytes = 0
  const nextBatch = Effect.gen(function* () {
    if (position >= to) return []
    const spans: LineSpan[] = []
    const startedAt = position
    let tookBytes = 0
    const visit = (span: LineSpan): boolean => {
      if (span.start >= to) return false
      spans.push(span)
      tookBytes += span.next - span.start
      return spans.length < linesPerBatch && tookBytes < bytesPerBatch
    }
    const { readTo } = yield* scanForward(file, { from: startedAt, partial, visit, buffer })
    position = readTo
    lostBytes += Math.max(0, Math.min(readTo, to) - startedAt - tookBytes)
    return spans
  })
  return { file, nextBatch, lostBytes: () => lostBytes, readTo: () => position }
}

/** The lines of a whole stream, newest first. */
export const linesBackward = (file: OutputFile): LineSource => {
  const buffer = scanBuffer(file.end - file.keptFrom)
  let before = file.end
  const nextBatch = Effect.gen(function* () {
    const spans = yield* scanBackward(file, { before, count: linesPerBatch, buffer })
    before = spans[0]?.start ?? file.keptFrom
    return spans.toReversed()
  })
  return { file, nextBatch, lostBytes: () => 0 }
}

/** The lines of a list, oldest first. */
export const linesListed = (file: OutputFile, { list, from, to }: ListedLines): LineSource => {
  let place = from
  const nextBatch = Effect.sync(() => {
    const spans: LineSpan[] = []
    while (place < to && spans.length < linesPerBatch) {
      const span = list.at(place++)
      if (span !== undefined) spans.push(span)
    }
    return spans
  })
  return { file, nextBatch, lostBytes: () => 0 }
}
