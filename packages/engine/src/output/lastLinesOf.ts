// What a task wrote last, short enough for an answer: its last lines, and before them those that look like errors.
import * as Effect from "effect/Effect"
import { readArrivals } from "./Arrivals.ts"
import { lineText } from "./Line.ts"
import { linesIn } from "./lineSources.ts"
import { mergeLines, type PlacedLine } from "./mergeLines.ts"
import { OutputFile, ReadAhead } from "./OutputFile.ts"
import { type OutputStream, outputStreams } from "./OutputStream.ts"

/** How many lines an answer about one task has at most: two thirds may look like errors, the others are the last. */
export const wholeEnd = 15

/** How many lines a task has where many are told of. */
export const briefEnd = 3

/** A line looks like an error when this matches its text; docs/logs.md has it too. Not the `0 errors` of a summary. */
export const errorPattern =
  /(?<!\b(?:0|[Nn]o) )(?:\b(?:[Ee]rrors?|ERR(?:OR)?S?|[Ff]ail(?:s|ed|ures?)?|FAIL(?:ED|URES?)?|[Ff]atal|FATAL|[Pp]anic(?:ked)?|[Uu]nhandled|[Tt]raceback|[Dd]enied|[Rr]efused|[Cc]annot|[Nn]ot found|not ok|[Ss]egmentation fault|[Aa]borted|[Tt]imed out|E(?:ACCES|ADDRINUSE|CONN[A-Z]+|EXIST|MFILE|NOENT|NOSPC|PERM|PIPE))\b(?!\s*[:=]\s*0\b)|\w(?:Error|Exception)\b|[\u2717\u2718\u2716])/u

/** Errors are looked for in so many bytes at the end of each stream. */
const searchedBytes = 1_048_576

interface Bounds {
  readonly lines: number
  readonly errors: number
  readonly lineCharacters: number
  readonly bytes: number
}

const boundsOf = (lines: number): Bounds => {
  const errors = Math.floor((lines * 2) / 3)
  const isBrief = lines <= briefEnd
  return {
    lines: lines - errors,
    errors,
    lineCharacters: isBrief ? 125 : 300,
    bytes: isBrief ? 400 : 1600
  }
}

/** A line that is told, with its place among all that are not blank. */
interface Told {
  readonly place: number
  readonly text: string
}

/** Keeps the last lines, and the newest of those before that look like errors. */
class Telling {
  readonly #bounds: Bounds
  readonly #last: Told[] = []
  readonly #errors: Told[] = []
  #count = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  take(text: string): void {
    if (text.trim() === "") return
    this.#last.push({ place: this.#count++, text })
    if (this.#last.length <= this.#bounds.lines) return
    const oldest = this.#last.shift()
    if (oldest === undefined || !errorPattern.test(oldest.text)) return
    this.#errors.push(oldest)
    if (this.#errors.length > this.#bounds.errors) this.#errors.shift()
  }

  /** The lines in their order, `...` where some are left out between them, the oldest left away until the rest fits. */
  lines(): readonly string[] {
    const told = [...this.#errors, ...this.#last]
    for (let from = 0; from < told.length - 1; from++) {
      const lines = this.#marked(told.slice(from))
      if (bytesOf(lines) <= this.#bounds.bytes) return lines
    }
    return this.#marked(told.slice(-1)).map((line) => cutToBytes(line, this.#bounds.bytes - 1))
  }

  #marked(told: readonly Told[]): readonly string[] {
    return told.flatMap(({ place, text }, index) => {
      const isGap = index > 0 && told[index - 1]?.place !== place - 1
      return [...(isGap ? ["..."] : []), cut(text, this.#bounds.lineCharacters)]
    })
  }
}

/**
 * The last lines of both streams in their order of arrival, and before them the newest of those that look like errors; at most `lines` together.
 * A line that is blank is left out, a long one is cut.
 */
export const lastLinesOf = (dir: string, lines: number): Effect.Effect<readonly string[]> =>
  Effect.acquireUseRelease(
    Effect.sync(() => outputStreams.map((stream) => new OutputFile(dir, stream))),
    (files) =>
      Effect.gen(function* () {
        const telling = new Telling(boundsOf(lines))
        const sources = files.map((file) =>
          linesIn(file, { from: searchFrom(file), to: Number.POSITIVE_INFINITY, partial: true })
        )
        const readers = new Map<OutputStream, ReadAhead>(
          files.map((file) => [file.stream, new ReadAhead(file)])
        )
        const take = ({ file, span }: PlacedLine): boolean => {
          // What is left of a line that begins before, unless there is nothing else.
          const isRest =
            span.start === searchFrom(file) && span.start > file.keptFrom && span.next < file.end
          const reader = readers.get(file.stream)
          if (!isRest && reader !== undefined) telling.take(lineText(reader, span, false) ?? "")
          return true
        }
        yield* mergeLines(readArrivals(dir), sources, "forward").walk(take)
        return telling.lines()
      }),
    (files) => Effect.sync(() => files.forEach((file) => file.close()))
  )

/** Of last lines that were read for one task, those that are told where it is one of many. */
export const briefly = (lines: readonly string[]): readonly string[] => {
  const telling = new Telling(boundsOf(briefEnd))
  for (const line of lines) if (line !== "...") telling.take(line)
  return telling.lines()
}

function searchFrom({ end, keptFrom }: OutputFile): number {
  return Math.max(keptFrom, end - searchedBytes)
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`
}

function cutToBytes(text: string, bytes: number): string {
  let shown = text
  while (Buffer.byteLength(shown) > bytes) shown = cut(shown, shown.length - 1)
  return shown
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
}
