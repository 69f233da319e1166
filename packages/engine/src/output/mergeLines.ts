// Merges the lines of both streams in their order of arrival, holding only a few of them.
import * as Effect from "effect/Effect"
import type { OutputTimestamps } from "./OutputTimestamps.ts"
import type { OutputFile } from "./OutputFile.ts"
import type { OutputStream } from "./OutputStream.ts"
import type { LineSource, ShownSpan } from "./lineSources.ts"

/** A line that is not read yet: its position, and its place in the order of arrival. */
export interface PlacedLine {
  readonly file: OutputFile
  readonly span: ShownSpan
  readonly sample: number
}

/** A walk over the lines of both streams that can be continued. */
export interface Merge {
  /**
   * Visits lines until `visit` returns false; that line is visited again next. Returns whether
   * there is such a line.
   */
  readonly walk: (visit: (line: PlacedLine) => boolean) => Effect.Effect<boolean>
  /** The next line of one stream, known after a walk. */
  readonly headOf: (stream: OutputStream) => ShownSpan | undefined
}

/**
 * Merges sources of one direction, in the order of `outputStreams`. Within one sample stdout comes
 * first.
 */
export const mergeLines = (
  arrivals: OutputTimestamps,
  sources: readonly LineSource[],
  direction: "forward" | "backward"
): Merge => {
  const order = direction === "forward" ? 1 : -1
  const queues = (direction === "forward" ? sources : sources.toReversed()).map((source) =>
    queueOf(arrivals, source)
  )
  const nearest = (): Queue | undefined => {
    let best: Queue | undefined
    for (const queue of queues) {
      if (queue.head === undefined) continue
      if (best?.head === undefined || (queue.head.sample - best.head.sample) * order < 0)
        best = queue
    }
    return best
  }
  const walk = Effect.fnUntraced(function* (
    visit: (line: PlacedLine) => boolean
  ): Effect.fn.Return<boolean> {
    for (;;) {
      for (const queue of queues) if (queue.head === undefined && !queue.ended) yield* queue.fill
      const next = nearest()
      if (next?.head === undefined) return false
      if (!visit(next.head)) return true
      next.advance()
    }
  })
  return {
    walk,
    headOf: (stream) => queues.find(({ source }) => source.file.stream === stream)?.head?.span
  }
}

interface Queue {
  readonly source: LineSource
  head: PlacedLine | undefined
  ended: boolean
  readonly advance: () => void
  readonly fill: Effect.Effect<void>
}

function queueOf(arrivals: OutputTimestamps, source: LineSource): Queue {
  const { file } = source
  let spans: readonly ShownSpan[] = []
  let index = 0
  const moveTo = (place: number): void => {
    index = place
    const span = spans[index]
    queue.head =
      span === undefined
        ? undefined
        : { file, span, sample: arrivals.sampleOf(file.stream, span.next) }
  }
  const queue: Queue = {
    source,
    head: undefined,
    ended: false,
    advance: () => moveTo(index + 1),
    fill: Effect.map(source.nextBatch, (more) => {
      spans = more
      queue.ended = more.length === 0
      moveTo(0)
    })
  }
  return queue
}
