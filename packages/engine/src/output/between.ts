// The output between two positions of an attempt.
import * as Effect from "effect/Effect"
import { type Cursor, formatCursor } from "./Cursor.ts"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { type LineChoice, locate } from "./locate.ts"
import type { LogLine } from "./LogLine.ts"
import { OutputFile } from "./OutputFile.ts"
import type { OutputGone } from "./OutputGone.ts"
import { outputStreams, type PerStream } from "./OutputStream.ts"
import { allLines } from "./pages.ts"

const choice: LineChoice = {
  stream: "both",
  lines: 1000,
  maxBytes: 65_536,
  grep: undefined,
  contextLines: 0,
  ansi: false,
  count: false
}

/**
 * The lines between two positions, at most 1,000 or 64 KiB of them. `partial` is an incomplete last
 * line. `cursor` is after all of it.
 */
export interface Between {
  readonly lines: readonly LogLine[]
  readonly partial: LogLine | null
  readonly hasMore: boolean
  readonly cursor: string
}

/** The end of the output of an attempt. */
export function endOfOutput(dir: string): PerStream {
  const ends = { stdout: 0, stderr: 0 }
  for (const stream of outputStreams) {
    const file = new OutputFile(dir, stream)
    ends[stream] = file.end
    file.close()
  }
  return ends
}

/**
 * Reads the output between two positions. Of two incomplete lines the later one is `partial`, the
 * other a line. Fails with OutputGone if the output was removed.
 */
export const between = Effect.fnUntraced(function* (
  dir: string,
  from: Cursor,
  to: PerStream
): Effect.fn.Return<Between, InvalidLogQuery | OutputGone> {
  const { attempt } = from
  const whole = yield* locate({ attempt, dir, ended: false, upTo: to }, choice, from)
  const { lines } = yield* allLines(whole)
  if (whole.hasMore)
    return { lines, partial: null, hasMore: true, cursor: formatCursor({ attempt, ...whole.next }) }
  const rest = yield* locate({ attempt, dir, ended: true, upTo: to }, choice, whole.next)
  const pieces = (yield* allLines(rest)).lines
  return {
    lines: [...lines, ...pieces.slice(0, -1)],
    partial: pieces.at(-1) ?? null,
    hasMore: false,
    cursor: formatCursor({ attempt, ...rest.next })
  }
})
