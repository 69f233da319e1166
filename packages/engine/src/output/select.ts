// Which lines of one stream answer a request: the last ones, or the first ones from an offset on.
import * as Effect from "effect/Effect"
import { countLines } from "./countLines.ts"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { isPartial, lineText, visibleText } from "./Line.ts"
import type { LineSpan } from "./Line.ts"
import { ReadAhead } from "./OutputFile.ts"
import type { OutputFile } from "./OutputFile.ts"
import { tooSlow } from "./Pattern.ts"
import type { Pattern } from "./Pattern.ts"
import { scanBackward, scanForward } from "./scan.ts"

/** What is asked of one stream. */
export interface Wanted {
  /** At most this many lines are taken. */
  readonly lines: number
  /** Read forward from this offset; absent: the last lines. */
  readonly from?: number
  readonly grep?: { readonly source: string; readonly pattern: Pattern }
  /** Whether nothing will be written any more, so that a last line without newline is complete. */
  readonly ended: boolean
  /** Whether `totalLines` is wanted, which may read the whole file. */
  readonly count: boolean
}

/** The lines of one stream that answer, oldest first. Forward it holds one more than asked for when there are more. */
export interface Selection {
  readonly file: OutputFile
  readonly spans: readonly LineSpan[]
  /** Lines of the stream, matching ones with `grep`; 0 when not counted. */
  readonly totalLines: number
  /** Where the next read begins when all of `spans` are delivered. */
  readonly readTo: number
  /** Bytes before the oldest kept one that this reader has not seen and never will. */
  readonly missedBytes: number
}

/** Selects lines of one stream. Fails with InvalidLogQuery when the pattern is too slow. */
export const select = Effect.fnUntraced(function* (
  file: OutputFile,
  wanted: Wanted
): Effect.fn.Return<Selection, InvalidLogQuery> {
  const { from, grep } = wanted
  if (grep !== undefined) return yield* selectMatching(file, { ...wanted, grep })
  const totalLines = wanted.count ? yield* countLines(file) : 0
  if (from !== undefined) return { ...(yield* selectFrom(file, { ...wanted, from })), totalLines }
  const spans = yield* scanBackward(file, { before: file.end, count: Math.max(1, wanted.lines) })
  const readTo = completeTo(file.end, spans.at(-1), wanted.ended)
  return { file, spans: keepLast(spans, wanted.lines), totalLines, readTo, missedBytes: file.keptFrom }
})

const selectFrom = Effect.fnUntraced(function* (file: OutputFile, wanted: Wanted & { readonly from: number }) {
  const spans: LineSpan[] = []
  const visit = (span: LineSpan): boolean => spans.push(span) <= wanted.lines
  const end = yield* scanForward(file, { from: wanted.from, partial: wanted.ended, visit })
  return { file, spans, readTo: end.readTo, missedBytes: end.missedBytes }
})

const selectMatching = Effect.fnUntraced(function* (
  file: OutputFile,
  wanted: Wanted & { readonly grep: NonNullable<Wanted["grep"]> }
): Effect.fn.Return<Selection, InvalidLogQuery> {
  const { grep } = wanted
  const from = wanted.from ?? file.keptFrom
  const begin = wanted.count ? Math.min(from, file.keptFrom) : from
  const missedBefore = wanted.from === undefined ? from : Math.max(0, file.keptFrom - from)
  const taking = wanted.from === undefined ? takeLast(wanted) : takeFirst({ ...wanted, from })
  const texts = new ReadAhead(file)
  let slow = false
  let last: LineSpan | undefined
  const visit = (span: LineSpan, bytes: Buffer | undefined): boolean => {
    last = span
    const verdict = grep.pattern.test(
      bytes === undefined ? (lineText(texts, span, false) ?? "") : visibleText(bytes, false)
    )
    slow = verdict === "slow"
    return verdict === true ? taking.take(span) : !slow
  }
  const end = yield* scanForward(file, { from: begin, partial: true, skips: grep.pattern.skips, visit })
  if (slow) return yield* tooSlow(grep.source)
  return {
    file,
    ...taking.taken(),
    readTo: Math.max(from, completeTo(end.readTo, last, wanted.ended)),
    missedBytes: missedBefore + (begin >= from || file.keptFrom > from ? end.missedBytes : 0)
  }
})

interface Taking {
  /** Takes a matching line, and answers whether more are of use. */
  readonly take: (span: LineSpan) => boolean
  readonly taken: () => { readonly spans: readonly LineSpan[]; readonly totalLines: number }
}

function takeLast(wanted: Wanted): Taking {
  let spans: LineSpan[] = []
  let totalLines = 0
  return {
    take: (span) => {
      totalLines++
      spans.push(span)
      if (spans.length > 2 * wanted.lines + 1_024) spans = keepLast(spans, wanted.lines)
      return true
    },
    taken: () => ({ spans: keepLast(spans, wanted.lines), totalLines })
  }
}

function takeFirst(wanted: Wanted & { readonly from: number }): Taking {
  const spans: LineSpan[] = []
  let totalLines = 0
  return {
    take: (span) => {
      totalLines++
      // A line that may still grow is not yet one to deliver.
      const deliverable = wanted.ended || !isPartial(span)
      if (deliverable && span.start >= wanted.from && spans.length <= wanted.lines) spans.push(span)
      return wanted.count || spans.length <= wanted.lines
    },
    taken: () => ({ spans, totalLines: wanted.count ? totalLines : 0 })
  }
}

/** The end of the complete lines, given where a walk ended and the last line it saw. */
function completeTo(readTo: number, last: LineSpan | undefined, ended: boolean): number {
  return last !== undefined && !ended && isPartial(last) && last.next === readTo ? last.start : readTo
}

function keepLast(spans: readonly LineSpan[], count: number): LineSpan[] {
  return count === 0 ? [] : spans.slice(-count)
}
