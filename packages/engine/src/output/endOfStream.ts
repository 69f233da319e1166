// Reads the end of one stream, for a checkpoint.
import * as Effect from "effect/Effect"
import { cutLine, lineText, wholeCharacters } from "./Line.ts"
import { OutputFile, ReadAhead } from "./OutputFile.ts"
import type { OutputStream } from "./OutputStream.ts"
import { scanBackward } from "./scan.ts"

/**
 * The stream and the limits: at most `lines` lines and `maxBytes` bytes of UTF-8, with a newline
 * each.
 */
export interface StreamEnd {
  readonly dir: string
  readonly stream: OutputStream
  readonly lines: number
  readonly maxBytes: number
}

/** The space for the mark of a cut line. */
const markBytes = 64

/** The beginning of a line that has `length` bytes in its file, with a mark that it is cut. */
const beginning = (text: string, length: number, maxBytes: number): string => {
  const bytes = Buffer.from(text).subarray(0, Math.max(maxBytes - markBytes, 0))
  const end = wholeCharacters(bytes)
  return cutLine(bytes.toString("utf8", 0, end), end, length)
}

/**
 * The last complete lines of a stream, oldest first. The very last line is cut if it is too long
 * alone, and counts without newline. Reads only this part of the file.
 */
export const endOfStream = (wanted: StreamEnd): Effect.Effect<readonly string[]> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new OutputFile(wanted.dir, wanted.stream)),
    (file) =>
      Effect.gen(function* () {
        const spans = yield* scanBackward(file, { before: file.end, count: wanted.lines })
        const reader = new ReadAhead(file)
        const texts: string[] = []
        let bytes = 0
        for (const span of spans.toReversed()) {
          const text = lineText(reader, span, false)
          if (text === undefined) break
          bytes += Buffer.byteLength(text) + 1
          if (bytes > wanted.maxBytes) {
            if (texts.length === 0)
              texts.push(beginning(text, span.end - span.start, wanted.maxBytes))
            break
          }
          texts.push(text)
        }
        return texts.toReversed()
      }),
    (file) => Effect.sync(() => file.close())
  )
