// Streams the lines of one attempt until it has ended and all output was read.
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { steadyMs } from "../system/time.ts"
import { type Cursor, formatCursor } from "./Cursor.ts"
import type { OutputWatch } from "./Growth.ts"
import type { InvalidLogQuery } from "./InvalidLogQuery.ts"
import type { LogLine } from "./LogLine.ts"
import type { OutputGone } from "./OutputGone.ts"
import type { NewlineSearch } from "./OutputFile.ts"
import type { OutputStream } from "./OutputStream.ts"
import { type LineChoice, locate, type Located } from "./locate.ts"
import { checkCursor, choiceOf, cursorsOf } from "./LogQuery.ts"
import { allLines, type LinePage } from "./pages.ts"
import { IdleLines } from "./IdleLines.ts"

const pageLines = 2_000
const pageBytes = 524_288

/** What to follow. */
export interface FollowOptions {
  readonly attempt: number
  readonly dir: string
  readonly watch: OutputWatch
  /** Completes when nothing more will be written. */
  readonly ended: Effect.Effect<void>
  /** The cursor of this attempt to continue from; absent: the beginning. */
  readonly since?: string
  readonly stream?: "both" | OutputStream
  readonly grep?: string
  readonly ignoreCase?: boolean
  readonly ansi?: boolean
  /** Checks for lines every 5 ms instead of 50, because a caller waits. */
  readonly hurried?: boolean
  /**
   * Also reads an incomplete line when it has not grown for so many milliseconds. The rest of it is
   * then a separate line.
   */
  readonly idleLineMs?: number | undefined
}

/** A line, and the cursor after it. */
export interface FollowedLine extends LogLine {
  readonly cursor: string
  /**
   * Set on the first line after a gap: the bytes that rotation dropped before this follower could
   * read them.
   */
  readonly droppedBytes?: number
}

/**
 * Streams complete lines as they come, and with `idleLineMs` incomplete ones. Fails with
 * InvalidLogQuery if `since` or `grep` is invalid, and with OutputGone if lines of an ended attempt
 * were removed.
 */
export const follow = (
  options: FollowOptions
): Stream.Stream<FollowedLine, InvalidLogQuery | OutputGone> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const choice = yield* choiceOf({ ...options, lines: pageLines, maxBytes: pageBytes }, false)
      const begin = yield* beginOf(options)
      const grown = Latch.makeUnsafe(false)
      const state = { ended: false }
      yield* Effect.acquireRelease(
        Effect.sync(() => options.watch.subscribe(() => grown.openUnsafe())),
        (unsubscribe) => Effect.sync(unsubscribe)
      )
      if (options.hurried === true) {
        yield* Effect.acquireRelease(
          Effect.sync(() => options.watch.hurry()),
          (release) => Effect.sync(release)
        )
      }
      const end = Effect.sync(() => {
        state.ended = true
        grown.openUnsafe()
      })
      yield* Effect.forkScoped(Effect.andThen(options.ended, end))
      const searches = { stdout: { start: -1, to: 0 }, stderr: { start: -1, to: 0 } }
      const idleLines =
        options.idleLineMs === undefined ? undefined : new IdleLines(options.idleLineMs)
      return Stream.paginate({ ...begin, droppedBytes: 0 }, (from: Position) =>
        nextPage({ options, choice, grown, state, searches, idleLines }, from)
      )
    })
  )

interface FollowState {
  readonly options: FollowOptions
  readonly choice: LineChoice
  readonly grown: Latch.Latch
  readonly state: { readonly ended: boolean }
  readonly searches: Readonly<Record<OutputStream, NewlineSearch>>
  readonly idleLines: IdleLines | undefined
}

interface Position extends Cursor {
  /** Dropped bytes that no line has reported yet. */
  readonly droppedBytes: number
}

/** An incomplete line, and the position of the follower after it. */
interface Piece extends FollowedLine {
  readonly reached: Position
}

const nextPage = Effect.fnUntraced(function* (state: FollowState, from: Position) {
  const { choice, options, grown } = state
  options.watch.sampleNow()
  // Closed before the files are read, so that later output opens the latch again.
  grown.closeUnsafe()
  const ended = state.state.ended
  const located = yield* locate(
    { attempt: options.attempt, dir: options.dir, ended },
    choice,
    from,
    state.searches
  )
  const found = yield* Effect.result(allLines(located))
  // The files may come back: a home can be moved away and back.
  if (found._tag === "Failure" && ended) return yield* found.failure
  if (found._tag === "Failure")
    return yield* Effect.as(grown.await, [[], Option.some(from)] as const)
  const page = found.success
  const droppedBytes = from.droppedBytes + located.droppedBytes + page.lostBytes
  const lines = followed(located, page, droppedBytes)
  if (ended && !located.hasMore) return [lines, Option.none<Position>()] as const
  const next = {
    attempt: options.attempt,
    ...located.next,
    droppedBytes: lines.length === 0 ? droppedBytes : 0
  }
  if (lines.length > 0 || located.hasMore) return [lines, Option.some<Position>(next)] as const
  const pieces = yield* idlePieces(state, located, next)
  return [pieces, Option.some<Position>(pieces.at(-1)?.reached ?? next)] as const
})

/** Waits for output, or until an incomplete line is idle, and then reads that line. */
const idlePieces = Effect.fnUntraced(function* (
  { choice, options, grown, idleLines, searches }: FollowState,
  { parts }: Located,
  from: Position
) {
  const unfinished = parts.filter(({ end, stream }) => end > from[stream])
  const { idle, waitMs } = idleLines?.check(unfinished, steadyMs()) ?? { idle: null, waitMs: null }
  if (waitMs !== null) yield* Effect.timeoutOption(grown.await, waitMs)
  else if (idle === null) yield* grown.await
  if (idle === null) return []
  const { attempt, dir } = options
  const located = yield* locate(
    { attempt, dir, ended: true },
    { ...choice, stream: idle },
    from,
    searches
  )
  const found = yield* Effect.result(allLines(located))
  return found._tag === "Success" ? piecesOf(found.success, from) : []
})

/** Incomplete lines as they are; the follower continues after them. */
function piecesOf(
  { lineEnds, lines }: Pick<LinePage, "lines" | "lineEnds">,
  from: Position
): readonly Piece[] {
  let reached = from
  return lines.map((line, index) => {
    const gap = reached.droppedBytes > 0 ? { droppedBytes: reached.droppedBytes } : {}
    reached = {
      ...reached,
      [line.stream]: lineEnds[index] ?? reached[line.stream],
      droppedBytes: 0
    }
    return { ...line, ...gap, partial: true, cursor: formatCursor(reached), reached }
  })
}

function followed(
  located: Located,
  page: Pick<LinePage, "lines" | "lineEnds">,
  droppedBytes: number
): readonly FollowedLine[] {
  const passed = cursorsOf(located)
  return page.lines.map((line, index) => {
    const gap = index === 0 && droppedBytes > 0 ? { droppedBytes } : {}
    return { ...line, cursor: passed(line, page.lineEnds[index] ?? 0), ...gap }
  })
}

const beginOf = ({ attempt, dir, since }: FollowOptions): Effect.Effect<Cursor, InvalidLogQuery> =>
  since === undefined
    ? Effect.succeed({ attempt, stdout: 0, stderr: 0 })
    : checkCursor({ attempt, dir }, since)
