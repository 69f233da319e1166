// Finds the lines of one attempt that answer a query, and where they are: as offsets, or as a list
// of matches. Keeps no file open, so they can be read at any time.
import * as Effect from "effect/Effect"
import { type OutputTimestamps, readTimestamps } from "./OutputTimestamps.ts"
import { countLines } from "./countLines.ts"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { type LineSpan, maxLineBytes } from "./Line.ts"
import { linesBackward, linesIn, linesListed } from "./lineSources.ts"
import { mergeLines } from "./mergeLines.ts"
import { type NewlineSearch, OutputFile } from "./OutputFile.ts"
import { type OutputStream, outputStreams, type PerStream } from "./OutputStream.ts"
import type { Pattern } from "./Pattern.ts"
import { completeTo, type Matches, selectMatching } from "./select.ts"
import type { ListedLines } from "./SpanList.ts"

/**
 * The output of one attempt: its number (the first is 1), its folder, and whether nothing more will
 * be written. With `upTo`, output after these offsets is ignored.
 */
export interface AttemptOutput {
  readonly upTo?: PerStream
  readonly attempt: number
  readonly dir: string
  readonly ended: boolean
}

/** How lines are chosen and shown. */
export interface LineChoice {
  readonly stream: "both" | OutputStream
  readonly lines: number
  /** Also ends reading forward after this many bytes of text, but not before one line. */
  readonly maxBytes: number
  readonly grep: { readonly source: string; readonly pattern: Pattern } | undefined
  readonly contextLines: number
  readonly ansi: boolean
  /** Whether `totalLines` is needed, which may read the whole file. */
  readonly count: boolean
}

/**
 * The lines of one stream: all that start at `from` or later and before `to`, or the listed ones.
 * `end` was the end of the stream, `inode` its file.
 */
export interface LocatedPart {
  readonly stream: OutputStream
  readonly inode: number
  readonly end: number
  readonly from: number
  readonly to: number
  readonly listed?: ListedLines
}

/** Located lines of one attempt, not read yet. */
export interface Located {
  readonly output: AttemptOutput
  readonly choice: LineChoice
  readonly arrivals: OutputTimestamps
  readonly parts: readonly LocatedPart[]
  /** The number of lines in `parts`, without context lines. */
  readonly foundLines: number
  /**
   * The number of lines kept in the selected streams, with `grep` only matches; 0 if not counted.
   */
  readonly totalLines: number
  /** Whether there are earlier lines, or when reading forward later ones. */
  readonly hasMore: boolean
  /** The offsets to continue from. */
  readonly next: PerStream
  readonly droppedBytes: number
  readonly lossPossible: boolean
}

/**
 * Locates the last lines, or with `from` the first lines after these offsets. `searches` is the
 * memory of a repeating reader. Fails with InvalidLogQuery if the pattern is too slow.
 */
export const locate = (
  output: AttemptOutput,
  choice: LineChoice,
  from: PerStream | undefined,
  searches?: Readonly<Record<OutputStream, NewlineSearch>>
): Effect.Effect<Located, InvalidLogQuery> =>
  Effect.acquireUseRelease(
    // Opens the files first: their output after the last sample then counts as not sampled.
    Effect.sync(() => ({
      files: outputStreams.map(
        (stream) =>
          new OutputFile(output.dir, stream, {
            search: searches?.[stream],
            ...(output.upTo === undefined ? {} : { upTo: output.upTo[stream] })
          })
      ),
      arrivals: readTimestamps(output.dir)
    })),
    ({ files, arrivals }) =>
      Effect.gen(function* () {
        const chosen = files.filter(
          ({ stream }) => choice.stream === "both" || choice.stream === stream
        )
        const query: Query = { files: chosen, arrivals, choice, from, ended: output.ended }
        const found = yield* findIn(query)
        // A stream that is left out is not read: a later reader of both continues from here.
        const next = {
          stdout: from?.stdout ?? endOf(files, "stdout"),
          stderr: from?.stderr ?? endOf(files, "stderr"),
          ...found.next
        }
        const lossPossible = chosen.some((file) => file.lossPossible)
        return { output, choice, arrivals, ...found, next, lossPossible }
      }),
    ({ files }) => Effect.sync(() => files.forEach((file) => file.close()))
  )

interface Query {
  readonly files: readonly OutputFile[]
  readonly arrivals: OutputTimestamps
  readonly choice: LineChoice
  readonly from: PerStream | undefined
  readonly ended: boolean
}

type Found = Pick<Located, "parts" | "foundLines" | "totalLines" | "hasMore" | "droppedBytes"> & {
  readonly next: Partial<PerStream>
}

const findIn = (query: Query): Effect.Effect<Found, InvalidLogQuery> => {
  const { choice, from } = query
  if (choice.grep !== undefined) return findMatching(query, choice.grep)
  return from === undefined ? findLast(query) : findFrom(query, from)
}

const findLast = Effect.fnUntraced(function* ({
  files,
  arrivals,
  choice,
  ended
}: Query): Effect.fn.Return<Found> {
  const totalLines = yield* countAll(files, choice)
  const merge = mergeLines(arrivals, files.map(linesBackward), "backward")
  const newest = new Map<OutputStream, LineSpan>()
  const begin = new Map<OutputStream, number>()
  let foundLines = 0
  const hasMore = yield* merge.walk(({ file, span }) => {
    if (foundLines === choice.lines) return false
    foundLines++
    if (!newest.has(file.stream)) newest.set(file.stream, span)
    begin.set(file.stream, span.start)
    return true
  })
  const next: { stdout?: number; stderr?: number } = {}
  for (const { end, stream } of files)
    next[stream] = completeTo(end, newest.get(stream) ?? merge.headOf(stream), ended)
  const parts = files.map(({ end, inode, keptFrom, stream }) => ({
    stream,
    inode,
    end,
    from: Math.max(begin.get(stream) ?? end, keptFrom),
    to: end
  }))
  return {
    parts,
    foundLines,
    totalLines,
    hasMore,
    next,
    droppedBytes: sum(files.map(({ keptFrom }) => keptFrom))
  }
})

const findFrom = Effect.fnUntraced(function* (
  query: Query,
  from: PerStream
): Effect.fn.Return<Found> {
  const { files, arrivals, choice, ended } = query
  const totalLines = yield* countAll(files, choice)
  const sources = files.map((file) =>
    linesIn(file, { from: from[file.stream], to: Number.POSITIVE_INFINITY, partial: ended })
  )
  const merge = mergeLines(arrivals, sources, "forward")
  const { fits, taken } = limitOf(choice)
  const hasMore = yield* merge.walk(fits)
  const next: { stdout?: number; stderr?: number } = {}
  const parts: LocatedPart[] = []
  let droppedBytes = 0
  for (const { file, readTo } of sources) {
    const { end, inode, keptFrom, stream } = file
    // After everything that was read, or at the first line that did not fit.
    const to = Math.max(from[stream], merge.headOf(stream)?.start ?? readTo())
    const begin = Math.min(Math.max(from[stream], keptFrom), to)
    next[stream] = to
    droppedBytes += begin - from[stream]
    parts.push({ stream, inode, end, from: begin, to })
  }
  return { parts, foundLines: taken.stdout + taken.stderr, totalLines, hasMore, next, droppedBytes }
})

const findMatching = Effect.fnUntraced(function* (
  query: Query,
  grep: NonNullable<LineChoice["grep"]>
): Effect.fn.Return<Found, InvalidLogQuery> {
  const { files, arrivals, choice, from, ended } = query
  const matches: (Matches & { readonly file: OutputFile })[] = []
  for (const file of files) {
    const { count, lines, maxBytes } = choice
    const since = from === undefined ? {} : { from: from[file.stream] }
    matches.push({
      file,
      ...(yield* selectMatching(file, { lines, maxBytes, grep, ended, count, ...since }))
    })
  }
  const heldLines = sum(matches.map(({ list }) => list.count))
  const sources = matches.map(({ file, list }) =>
    linesListed(file, { list, from: 0, to: list.count })
  )
  const merge = mergeLines(arrivals, sources, "forward")
  // From last lines the older ones are dropped, from first lines the newer ones.
  const { fits, taken } = limitOf(
    from === undefined
      ? { lines: Math.max(0, heldLines - choice.lines), maxBytes: Number.POSITIVE_INFINITY }
      : choice
  )
  const isCut = yield* merge.walk(fits)
  const takenLines = taken.stdout + taken.stderr
  const totalLines = sum(matches.map((match) => match.totalLines))
  const next: { stdout?: number; stderr?: number } = {}
  const parts = matches.map(({ file, list, readTo }): LocatedPart => {
    const { end, inode, stream } = file
    const place = taken[stream]
    const listed =
      from === undefined ? { list, from: place, to: list.count } : { list, from: 0, to: place }
    next[stream] = from === undefined ? readTo : (list.at(place)?.start ?? readTo)
    return { stream, inode, end, from: 0, to: end, listed }
  })
  const foundLines = from === undefined ? heldLines - takenLines : takenLines
  const hasMore = from === undefined ? totalLines > foundLines : isCut
  return {
    parts,
    foundLines,
    totalLines,
    hasMore,
    next,
    droppedBytes: sum(matches.map(({ missedBytes }) => missedBytes))
  }
})

const countAll = Effect.fnUntraced(function* (
  files: readonly OutputFile[],
  { count }: LineChoice
): Effect.fn.Return<number> {
  let lines = 0
  for (const file of count ? files : []) lines += yield* countLines(file)
  return lines
})

/** Counts the lines of each stream that fit into a choice. */
function limitOf({ lines, maxBytes }: Pick<LineChoice, "lines" | "maxBytes">) {
  const taken = { stdout: 0, stderr: 0 }
  let bytes = 0
  const fits = ({
    file,
    span
  }: {
    readonly file: OutputFile
    readonly span: LineSpan
  }): boolean => {
    const count = taken.stdout + taken.stderr
    bytes += Math.min(span.end - span.start, maxLineBytes)
    if (count === lines || (count > 0 && bytes > maxBytes)) return false
    taken[file.stream]++
    return true
  }
  return { fits, taken }
}

function endOf(files: readonly OutputFile[], stream: OutputStream): number {
  return files.find((file) => file.stream === stream)?.end ?? 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
