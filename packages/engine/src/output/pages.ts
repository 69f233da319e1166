// Reads located lines page by page, each when it is requested.
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { linesAround } from "./context.ts"
import { maxLineBytes } from "./Line.ts"
import { type LineSource, linesIn, linesListed } from "./lineSources.ts"
import type { Located, LocatedPart } from "./locate.ts"
import { type LogLine, readLine, type Reading } from "./LogLine.ts"
import { type Merge, mergeLines } from "./mergeLines.ts"
import { OutputFile, ReadAhead } from "./OutputFile.ts"
import { OutputGone } from "./OutputGone.ts"

const pageLines = 1_000
const pageBytes = 262_144

/** Some of the lines, oldest first. */
export interface LinePage {
  readonly lines: readonly LogLine[]
  /** For each line the offset after it in its stream. */
  readonly lineEnds: readonly number[]
  /** The bytes of lines in this or earlier pages that rotation dropped before they were read. */
  readonly lostBytes: number
  readonly isLast: boolean
}

/** Opens the located files. Fails with OutputGone if they were removed or replaced. */
const open = ({
  output: { dir },
  parts
}: Located): Effect.Effect<readonly OutputFile[], OutputGone, Scope.Scope> =>
  Effect.gen(function* () {
    const files = yield* Effect.acquireRelease(
      Effect.sync(() => parts.map(({ end, stream }) => new OutputFile(dir, stream, { upTo: end }))),
      (opened) => Effect.sync(() => opened.forEach((file) => file.close()))
    )
    const isGone = parts.some(({ inode }, index) => inode !== 0 && inode !== files[index]?.inode)
    return isGone ? yield* new OutputGone({ dir }) : files
  })

/**
 * The pages of located lines, at least one. The files are open from the first page to the last, or
 * until the stream ends. Fails with OutputGone before the first page.
 */
export const pagesOf = (located: Located): Stream.Stream<LinePage, OutputGone> =>
  Stream.unwrap(
    Effect.map(open(located), (files) => {
      const page = readerOf(located, files)
      return Stream.paginate(undefined, () =>
        Effect.map(
          page,
          (read) => [[read], read.isLast ? Option.none() : Option.some(undefined)] as const
        )
      )
    })
  )

/** All lines at once, if they are known to be few. Fails with OutputGone. */
export const allLines = Effect.fnUntraced(function* (
  located: Located
): Effect.fn.Return<Omit<LinePage, "isLast">, OutputGone> {
  const pages = located.foundLines === 0 ? [] : yield* Stream.runCollect(pagesOf(located))
  return {
    lines: pages.flatMap(({ lines }) => lines),
    lineEnds: pages.flatMap(({ lineEnds }) => lineEnds),
    lostBytes: pages.at(-1)?.lostBytes ?? 0
  }
})

const readerOf = (located: Located, files: readonly OutputFile[]): Effect.Effect<LinePage> => {
  const { arrivals, choice, output, parts } = located
  const sources = files.flatMap((file) =>
    parts
      .filter(({ stream }) => stream === file.stream)
      .map((part) => sourceOf(located, part, file))
  )
  const readers = files.map((file) => new ReadAhead(file))
  const merge = mergeLines(arrivals, sources, "forward")
  return nextPage(sources, merge, { arrivals, readers, ansi: choice.ansi, ended: output.ended })
}

const sourceOf = (
  { choice }: Located,
  { from, listed, to }: LocatedPart,
  file: OutputFile
): LineSource => {
  if (listed === undefined) return linesIn(file, { from, to, partial: true })
  return choice.contextLines > 0
    ? linesAround(file, listed, choice.contextLines)
    : linesListed(file, listed)
}

const nextPage = (
  sources: readonly LineSource[],
  merge: Merge,
  reading: Reading
): Effect.Effect<LinePage> => {
  let unreadBytes = 0
  return Effect.gen(function* () {
    const lines: LogLine[] = []
    const lineEnds: number[] = []
    let bytes = 0
    const isCut = yield* merge.walk((line) => {
      const { end, next, start } = line.span
      if (lines.length === pageLines || bytes >= pageBytes) return false
      bytes += Math.min(end - start, maxLineBytes)
      const read = readLine(reading, line)
      if (read === undefined) unreadBytes += next - start
      else {
        lines.push(read)
        lineEnds.push(next)
      }
      return true
    })
    yield* Effect.yieldNow
    return {
      lines,
      lineEnds,
      lostBytes: sources.reduce((sum, { lostBytes }) => sum + lostBytes(), unreadBytes),
      isLast: !isCut
    }
  })
}
