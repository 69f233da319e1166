// The lines of one attempt as they come, until it has ended and everything written is delivered.
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
import { Rest } from "./Rest.ts"

const pageLines = 2_000
const pageBytes = 524_288

/** What to follow. */
export interface Following {
  readonly attempt: number
  readonly dir: string
  readonly watch: OutputWatch
  /** Completes when nothing will be written any more. */
  readonly ended: Effect.Effect<void>
  /** A cursor of this attempt to go on from; absent: the beginning. */
  readonly since?: string
  readonly stream?: "both" | OutputStream
  readonly grep?: string
  readonly ignoreCase?: boolean
  readonly ansi?: boolean
  /** Looks for lines at most 5 ms apart instead of 50, as somebody waits for one. */
  readonly hurried?: boolean
  /** Takes an unfinished line too, as it stands, when nothing came for so many milliseconds; what follows in it is then a line of its own. */
  readonly restMs?: number | undefined
}

/** A line, and the cursor with which to go on behind it. */
export interface FollowedLine extends LogLine {
  readonly cursor: string
  /** Set on the first line after a gap: bytes that rotation dropped before this follower could read them. */
  readonly droppedBytes?: number
}

/** Streams complete lines as they arrive, and with `restMs` unfinished ones that rest. Fails with InvalidLogQuery when `since` or `grep` cannot be used, with OutputGone when lines of an ended attempt are gone. */
export const follow = (
  following: Following
): Stream.Stream<FollowedLine, InvalidLogQuery | OutputGone> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const choice = yield* choiceOf({ ...following, lines: pageLines, maxBytes: pageBytes }, false)
      const begin = yield* beginOf(following)
      const news = Latch.makeUnsafe(false)
      const state = { ended: false }
      yield* Effect.acquireRelease(
        Effect.sync(() => following.watch.subscribe(() => news.openUnsafe())),
        (unsubscribe) => Effect.sync(unsubscribe)
      )
      if (following.hurried === true) {
        yield* Effect.acquireRelease(
          Effect.sync(() => following.watch.hurry()),
          (release) => Effect.sync(release)
        )
      }
      const end = Effect.sync(() => {
        state.ended = true
        news.openUnsafe()
      })
      yield* Effect.forkScoped(Effect.andThen(following.ended, end))
      const searches = { stdout: { start: -1, to: 0 }, stderr: { start: -1, to: 0 } }
      const rest = following.restMs === undefined ? undefined : new Rest(following.restMs)
      return Stream.paginate({ ...begin, droppedBytes: 0 }, (from: Reached) =>
        nextPage({ following, choice, news, state, searches, rest }, from)
      )
    })
  )

interface Progress {
  readonly following: Following
  readonly choice: LineChoice
  readonly news: Latch.Latch
  readonly state: { readonly ended: boolean }
  readonly searches: Readonly<Record<OutputStream, NewlineSearch>>
  readonly rest: Rest | undefined
}

interface Reached extends Cursor {
  /** Dropped bytes that no line delivered has told of yet. */
  readonly droppedBytes: number
}

/** An unfinished line, and how far the follower is with it. */
interface Piece extends FollowedLine {
  readonly reached: Reached
}

const nextPage = Effect.fnUntraced(function* (progress: Progress, from: Reached) {
  const { choice, following, news } = progress
  following.watch.sampleNow()
  // Closed before the look at the files, so that what is written after it opens the latch again.
  news.closeUnsafe()
  const ended = progress.state.ended
  const located = yield* locate(
    { attempt: following.attempt, dir: following.dir, ended },
    choice,
    from,
    progress.searches
  )
  const found = yield* Effect.result(allLines(located))
  // It may be back at its place when something is written: a home can be moved away and back.
  if (found._tag === "Failure" && ended) return yield* found.failure
  if (found._tag === "Failure")
    return yield* Effect.as(news.await, [[], Option.some(from)] as const)
  const page = found.success
  const droppedBytes = from.droppedBytes + located.droppedBytes + page.lostBytes
  const lines = followed(located, page, droppedBytes)
  if (ended && !located.hasMore) return [lines, Option.none<Reached>()] as const
  const next = {
    attempt: following.attempt,
    ...located.next,
    droppedBytes: lines.length === 0 ? droppedBytes : 0
  }
  if (lines.length > 0 || located.hasMore) return [lines, Option.some<Reached>(next)] as const
  const pieces = yield* restingPieces(progress, located, next)
  return [pieces, Option.some<Reached>(pieces.at(-1)?.reached ?? next)] as const
})

/** Waits for more, or until an unfinished line has rested, and then takes it. */
const restingPieces = Effect.fnUntraced(function* (
  { choice, following, news, rest, searches }: Progress,
  { parts }: Located,
  from: Reached
) {
  const unfinished = parts.filter(({ end, stream }) => end > from[stream])
  const { ripe, waitMs } = rest?.look(unfinished, steadyMs()) ?? { ripe: null, waitMs: null }
  if (waitMs !== null) yield* Effect.timeoutOption(news.await, waitMs)
  else if (ripe === null) yield* news.await
  if (ripe === null) return []
  const { attempt, dir } = following
  const located = yield* locate(
    { attempt, dir, ended: true },
    { ...choice, stream: ripe },
    from,
    searches
  )
  const found = yield* Effect.result(allLines(located))
  return found._tag === "Success" ? piecesOf(found.success, from) : []
})

/** Lines that have not ended, as they stand: the follower goes on behind them. */
function piecesOf(
  { lineEnds, lines }: Pick<LinePage, "lines" | "lineEnds">,
  from: Reached
): readonly Piece[] {
  let reached = from
  return lines.map((line, index) => {
    const told = reached.droppedBytes > 0 ? { droppedBytes: reached.droppedBytes } : {}
    reached = {
      ...reached,
      [line.stream]: lineEnds[index] ?? reached[line.stream],
      droppedBytes: 0
    }
    return { ...line, ...told, partial: true, cursor: formatCursor(reached), reached }
  })
}

function followed(
  located: Located,
  page: Pick<LinePage, "lines" | "lineEnds">,
  droppedBytes: number
): readonly FollowedLine[] {
  const passed = cursorsOf(located)
  return page.lines.map((line, index) => {
    const told = index === 0 && droppedBytes > 0 ? { droppedBytes } : {}
    return { ...line, cursor: passed(line, page.lineEnds[index] ?? 0), ...told }
  })
}

const beginOf = ({ attempt, dir, since }: Following): Effect.Effect<Cursor, InvalidLogQuery> =>
  since === undefined
    ? Effect.succeed({ attempt, stdout: 0, stderr: 0 })
    : checkCursor({ attempt, dir }, since)
