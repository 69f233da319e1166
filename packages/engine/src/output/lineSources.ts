// The lines of one stream some at a time, so that a walk over all of them holds only a few.
import * as Effect from "effect/Effect"
import type { LineSpan } from "./Line.ts"
import type { OutputFile } from "./OutputFile.ts"
import { scanBackward, scanBuffer, scanForward } from "./scan.ts"
import type { ListedLines } from "./SpanList.ts"

/** About how many lines a source gives at a time. */
export const someLines = 2_048
const someBytes = 1_048_576

/** A line to show, `context` when only because it stands near one that matches. */
export interface ShownSpan extends LineSpan {
  readonly context?: true
}

/** Lines of one stream in one direction: the next ones with each run of `some`, none when there are no more. */
export interface LineSource {
  readonly file: OutputFile
  readonly some: Effect.Effect<readonly ShownSpan[]>
  /** Bytes of lines that were to come and that rotation dropped before. */
  readonly lostBytes: () => number
}

/** A part of a stream: the lines that begin at `from` or later and before `to`. `partial`: also a last one without newline. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly partial: boolean
}

/** The lines of a stretch, oldest first. */
export const linesIn = (
  file: OutputFile,
  { from, to, partial }: Stretch
): LineSource & { readonly readTo: () => number } => {
  const buffer = scanBuffer(Math.min(to, file.end) - from)
  let position = from
  let lostBytes = 0
  const some = Effect.gen(function* () {
    if (position >= to) return []
    const spans: LineSpan[] = []
    const begun = position
    let tookBytes = 0
    const visit = (span: LineSpan): boolean => {
      if (span.start >= to) return false
      spans.push(span)
      tookBytes += span.next - span.start
      return spans.length < someLines && tookBytes < someBytes
    }
    const { readTo } = yield* scanForward(file, { from: begun, partial, visit, buffer })
    position = readTo
    lostBytes += Math.max(0, Math.min(readTo, to) - begun - tookBytes)
    return spans
  })
  return { file, some, lostBytes: () => lostBytes, readTo: () => position }
}

/** The lines of a whole stream, newest first. */
export const linesBackward = (file: OutputFile): LineSource => {
  const buffer = scanBuffer(file.end - file.keptFrom)
  let before = file.end
  const some = Effect.gen(function* () {
    const spans = yield* scanBackward(file, { before, count: someLines, buffer })
    before = spans[0]?.start ?? file.keptFrom
    return spans.toReversed()
  })
  return { file, some, lostBytes: () => 0 }
}

/** The lines of a list, oldest first. */
export const linesListed = (file: OutputFile, { list, from, to }: ListedLines): LineSource => {
  let place = from
  const some = Effect.sync(() => {
    const spans: LineSpan[] = []
    while (place < to && spans.length < someLines) {
      const span = list.at(place++)
      if (span !== undefined) spans.push(span)
    }
    return spans
  })
  return { file, some, lostBytes: () => 0 }
}
