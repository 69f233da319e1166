// The last lines of a task, short enough for an answer, with earlier lines that look like errors.
import * as Effect from "effect/Effect"
import { readTimestamps } from "./OutputTimestamps.ts"
import { lineText } from "./Line.ts"
import { linesIn } from "./lineSources.ts"
import { mergeLines, type PlacedLine } from "./mergeLines.ts"
import { OutputFile, ReadAhead } from "./OutputFile.ts"
import { type OutputStream, outputStreams } from "./OutputStream.ts"

/**
 * How many lines an answer about one task has: two thirds may look like errors, the others are the
 * last.
 */
export const maxLastLines = 15

/** How many lines a task has in an answer about many tasks. */
export const fewLastLines = 3

/**
 * A line looks like an error if this matches its text; docs/logs.md has it too. Excludes the `0
 * errors` of a summary.
 */
export const errorPattern =
  /(?<!\b(?:0|[Nn]o) )(?:\b(?:[Ee]rrors?|ERR(?:OR)?S?|[Ff]ail(?:s|ed|ures?)?|FAIL(?:ED|URES?)?|[Ff]atal|FATAL|[Pp]anic(?:ked)?|[Uu]nhandled|[Tt]raceback|[Dd]enied|[Rr]efused|[Cc]annot|[Nn]ot found|not ok|[Ss]egmentation fault|[Aa]borted|[Tt]imed out|E(?:ACCES|ADDRINUSE|CONN[A-Z]+|EXIST|MFILE|NOENT|NOSPC|PERM|PIPE))\b(?!\s*[:=]\s*0\b)|\w(?:Error|Exception)\b|[\u2717\u2718\u2716])/u

/** How many bytes at the end of each stream are searched for errors. */
const searchedBytes = 1_048_576

interface Bounds {
  readonly lines: number
  readonly errors: number
  readonly lineCharacters: number
  readonly bytes: number
}

const boundsOf = (lines: number): Bounds => {
  const errors = Math.floor((lines * 2) / 3)
  const isBrief = lines <= fewLastLines
  return {
    lines: lines - errors,
    errors,
    lineCharacters: isBrief ? 125 : 300,
    bytes: isBrief ? 400 : 1600
  }
}

/** A shown line, with its place among all lines that are not blank. */
interface ShownLine {
  readonly place: number
  readonly text: string
}

/** Collects the last lines, and the newest earlier lines that look like errors. */
class LastLines {
  readonly #bounds: Bounds
  readonly #last: ShownLine[] = []
  readonly #errors: ShownLine[] = []
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

  /** The lines in order, with `...` at gaps. Drops the oldest until the rest fits. */
  lines(): readonly string[] {
    const shown = [...this.#errors, ...this.#last]
    for (let from = 0; from < shown.length - 1; from++) {
      const lines = this.#marked(shown.slice(from))
      if (bytesOf(lines) <= this.#bounds.bytes) return lines
    }
    return this.#marked(shown.slice(-1)).map((line) => cutToBytes(line, this.#bounds.bytes - 1))
  }

  #marked(shown: readonly ShownLine[]): readonly string[] {
    return shown.flatMap(({ place, text }, index) => {
      const isGap = index > 0 && shown[index - 1]?.place !== place - 1
      return [...(isGap ? ["..."] : []), cut(text, this.#bounds.lineCharacters)]
    })
  }
}

/**
 * The last lines of both streams in their order of arrival, with the newest earlier ones that look
 * like errors; at most `lines` together. Blank lines are left out, long lines are cut.
 */
export const lastLinesOf = (dir: string, lines: number): Effect.Effect<readonly string[]> =>
  Effect.acquireUseRelease(
    Effect.sync(() => outputStreams.map((stream) => new OutputFile(dir, stream))),
    (files) =>
      Effect.gen(function* () {
        const lastLines = new LastLines(boundsOf(lines))
        const sources = files.map((file) =>
          linesIn(file, { from: searchFrom(file), to: Number.POSITIVE_INFINITY, partial: true })
        )
        const readers = new Map<OutputStream, ReadAhead>(
          files.map((file) => [file.stream, new ReadAhead(file)])
        )
        const take = ({ file, span }: PlacedLine): boolean => {
          // The rest of a line that starts earlier is skipped, unless there is nothing else.
          const isRest =
            span.start === searchFrom(file) && span.start > file.keptFrom && span.next < file.end
          const reader = readers.get(file.stream)
          if (!isRest && reader !== undefined) lastLines.take(lineText(reader, span, false) ?? "")
          return true
        }
        yield* mergeLines(readTimestamps(dir), sources, "forward").walk(take)
        return lastLines.lines()
      }),
    (files) => Effect.sync(() => files.forEach((file) => file.close()))
  )

/** Shortens the last lines of one task for an answer about many. */
export const briefly = (lines: readonly string[]): readonly string[] => {
  const lastLines = new LastLines(boundsOf(fewLastLines))
  for (const line of lines) if (line !== "...") lastLines.take(line)
  return lastLines.lines()
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
