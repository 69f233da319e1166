// Reads lines of one attempt: selects them in each stream, merges them by arrival, and reads no text but that of lines shown.
import * as Effect from "effect/Effect"
import { readArrivals } from "./Arrivals.ts"
import type { Arrivals } from "./Arrivals.ts"
import { withContext } from "./context.ts"
import { mergeByArrival, placeLines, readLine } from "./LogLine.ts"
import type { LogLine, PlacedLine, Reading } from "./LogLine.ts"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { OutputFile, ReadAhead } from "./OutputFile.ts"
import { outputStreams } from "./OutputStream.ts"
import type { OutputStream, PerStream } from "./OutputStream.ts"
import type { Pattern } from "./Pattern.ts"
import { select } from "./select.ts"
import type { Selection, Wanted } from "./select.ts"

/** The output of one attempt: its number (the first is 1), its folder, and whether nothing will be written any more. */
export interface AttemptOutput {
  readonly attempt: number
  readonly dir: string
  readonly ended: boolean
}

/** How lines are chosen and shown. */
export interface LineChoice {
  readonly stream: "both" | OutputStream
  readonly lines: number
  readonly grep: { readonly source: string; readonly pattern: Pattern } | undefined
  readonly contextLines: number
  readonly ansi: boolean
  /** Whether `totalLines` is wanted, which may read the whole file. */
  readonly count: boolean
}

/** Lines of one attempt. */
export interface AttemptPage {
  readonly lines: readonly LogLine[]
  /** For each line the offset behind it in its stream. */
  readonly lineEnds: readonly number[]
  /** Lines shown without those of the context. */
  readonly shownLines: number
  readonly totalLines: number
  readonly hasMore: boolean
  /** Offsets from which to go on. */
  readonly next: PerStream
  readonly droppedBytes: number
  readonly lossPossible: boolean
}

/** Reads the last lines, or with `from` the first ones from these offsets on. Fails with InvalidLogQuery when the pattern is too slow. */
export const readAttempt = (
  output: AttemptOutput,
  choice: LineChoice,
  from: PerStream | undefined
): Effect.Effect<AttemptPage, InvalidLogQuery> =>
  Effect.acquireUseRelease(
    // The files first: what they hold beyond the last sample then counts as not sampled yet.
    Effect.sync(() => ({
      files: outputStreams.map((stream) => new OutputFile(output.dir, stream)),
      arrivals: readArrivals(output.dir)
    })),
    (opened) => readOpened(opened, { output, choice, from }),
    ({ files }) => Effect.sync(() => files.forEach((file) => file.close()))
  )

interface Opened {
  readonly files: readonly OutputFile[]
  readonly arrivals: Arrivals
}

interface Asked {
  readonly output: AttemptOutput
  readonly choice: LineChoice
  readonly from: PerStream | undefined
}

const readOpened = Effect.fnUntraced(function* (
  opened: Opened,
  asked: Asked
): Effect.fn.Return<AttemptPage, InvalidLogQuery> {
  const { choice, from, output } = asked
  const selections: Selection[] = []
  const next = { stdout: 0, stderr: 0 }
  for (const file of opened.files) {
    if (isChosen(choice, file)) selections.push(yield* select(file, wantedOf(asked, file)))
    // From a stream left out nothing is owed: a later reader of both goes on from here.
    else next[file.stream] = from?.[file.stream] ?? file.end
  }
  const merged = mergeByArrival(selections.flatMap(({ file, spans }) => placeLines(opened.arrivals, file, spans)))
  const shown = from === undefined ? keepLast(merged, choice.lines) : merged.slice(0, choice.lines)
  const totalLines = sum(selections.map((selection) => selection.totalLines))
  for (const selection of selections)
    next[selection.file.stream] = from === undefined ? selection.readTo : goOnFrom(selection, shown)
  const placed = choice.contextLines > 0 ? yield* withContext(opened.arrivals, shown, choice.contextLines) : shown
  const { lines, lineEnds, lostBytes } = yield* readTexts(
    {
      arrivals: opened.arrivals,
      readers: opened.files.map((file) => new ReadAhead(file)),
      ansi: choice.ansi,
      ended: output.ended
    },
    placed
  )
  return {
    lines,
    lineEnds,
    shownLines: lines.filter((line) => line.context !== true).length,
    totalLines,
    hasMore: from === undefined ? totalLines > shown.length : merged.length > shown.length,
    next,
    droppedBytes: lostBytes + sum(selections.map((selection) => selection.missedBytes)),
    lossPossible: selections.some(({ file }) => file.lossPossible)
  }
})

/** The texts are read in turns, as a thousand long lines are 64 MiB. */
const readTexts = Effect.fnUntraced(function* (reading: Reading, placed: readonly PlacedLine[]) {
  const lines: LogLine[] = []
  const lineEnds: number[] = []
  let lostBytes = 0
  for (const [index, line] of placed.entries()) {
    const read = readLine(reading, line)
    if (read === undefined) lostBytes += line.span.next - line.span.start
    else {
      lines.push(read)
      lineEnds.push(line.span.next)
    }
    if (index % 256 === 255) yield* Effect.yieldNow
  }
  return { lines, lineEnds, lostBytes }
})

function wantedOf(asked: Asked, file: OutputFile): Wanted {
  const { choice, from, output } = asked
  return {
    lines: choice.lines,
    ended: output.ended,
    count: choice.count,
    ...(from === undefined ? {} : { from: from[file.stream] }),
    ...(choice.grep === undefined ? {} : { grep: choice.grep })
  }
}

/** Behind everything looked at, or at the first line that did not fit. */
function goOnFrom(selection: Selection, shown: readonly PlacedLine[]): number {
  const taken = shown.filter((line) => line.file === selection.file).length
  return selection.spans[taken]?.start ?? selection.readTo
}

function isChosen(choice: LineChoice, file: OutputFile): boolean {
  return choice.stream === "both" || choice.stream === file.stream
}

function keepLast<A>(items: readonly A[], count: number): readonly A[] {
  return count === 0 ? [] : items.slice(-count)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
