// Which lines of one stream match: the last ones, or the first ones from an offset on.
import * as Effect from "effect/Effect"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { isPartial, matchedText, visibleText } from "./Line.ts"
import type { LineSpan } from "./Line.ts"
import { ReadAhead } from "./OutputFile.ts"
import type { OutputFile } from "./OutputFile.ts"
import { tooSlow } from "./Pattern.ts"
import type { Pattern } from "./Pattern.ts"
import { scanForward } from "./scan.ts"
import { SpanList } from "./SpanList.ts"

/** What is asked of one stream. */
export interface Wanted {
  /** At most this many lines are taken. */
  readonly lines: number
  /** Forward no more are taken after this many bytes. */
  readonly maxBytes: number
  /** Read forward from this offset; absent: the last lines. */
  readonly from?: number
  readonly grep: { readonly source: string; readonly pattern: Pattern }
  /** Whether nothing will be written any more, so that a last line without newline is complete. */
  readonly ended: boolean
  /** Whether all lines are counted, which reads the whole file. */
  readonly count: boolean
}

/** The lines of one stream that match. Forward it holds one more than asked for when there are more. */
export interface Matches {
  readonly list: SpanList
  /** Lines of the stream that match; 0 when not counted. */
  readonly totalLines: number
  /** Where the next read begins when all of `list` are delivered. */
  readonly readTo: number
  /** Bytes before the oldest kept one that this reader has not seen and never will. */
  readonly missedBytes: number
}

/** Selects the lines of one stream that match. Fails with InvalidLogQuery when the pattern is too slow. */
export const selectMatching = Effect.fnUntraced(function* (
  file: OutputFile,
  wanted: Wanted
): Effect.fn.Return<Matches, InvalidLogQuery> {
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
      bytes === undefined ? (matchedText(texts, span) ?? "") : visibleText(bytes, false)
    )
    slow = verdict === "slow"
    return verdict === true ? taking.take(span) : !slow
  }
  // A line that may still grow is of no use to who reads forward and counts nothing.
  const partial = wanted.ended || wanted.count || wanted.from === undefined
  const end = yield* scanForward(file, { from: begin, partial, skips: grep.pattern.skips, visit })
  if (slow) return yield* tooSlow(grep.source)
  return {
    ...taking.taken(),
    readTo: Math.max(from, completeTo(end.readTo, last, wanted.ended)),
    missedBytes: missedBefore + (begin >= from || file.keptFrom > from ? end.missedBytes : 0)
  }
})

interface Taking {
  /** Takes a matching line, and answers whether more are of use. */
  readonly take: (span: LineSpan) => boolean
  readonly taken: () => { readonly list: SpanList; readonly totalLines: number }
}

function takeLast({ lines }: Wanted): Taking {
  const list = new SpanList(lines)
  let totalLines = 0
  return {
    take: (span) => {
      totalLines++
      list.push(span)
      return true
    },
    taken: () => ({ list, totalLines })
  }
}

function takeFirst({
  count,
  ended,
  from,
  lines,
  maxBytes
}: Wanted & { readonly from: number }): Taking {
  const list = new SpanList(lines + 1)
  let totalLines = 0
  let bytes = 0
  const isFull = (): boolean => list.count > lines || (bytes > maxBytes && list.count > 1)
  return {
    take: (span) => {
      totalLines++
      // A line that may still grow is not yet one to deliver.
      const deliverable = ended || !isPartial(span)
      if (deliverable && span.start >= from && !isFull()) {
        list.push(span)
        bytes += span.end - span.start
      }
      return count || !isFull()
    },
    taken: () => ({ list, totalLines: count ? totalLines : 0 })
  }
}

/** The end of the complete lines, given where a walk ended and the last line it saw. */
export function completeTo(readTo: number, last: LineSpan | undefined, ended: boolean): number {
  return last !== undefined && !ended && isPartial(last) && last.next === readTo
    ? last.start
    : readTo
}
