// Walks over the lines of one stream, forward or backward, in chunks. Other fibers run in between.
import * as Effect from "effect/Effect"
import { isPartial, splitLines } from "./Line.ts"
import type { LineSpan } from "./Line.ts"
import type { OutputFile } from "./OutputFile.ts"

const chunkBytes = 262_144
const usualLineBytes = 256
const newline = 10
const nothing = Buffer.alloc(0)

/**
 * How to walk forward. `visit` gets each line, with its bytes unless it is longer than a chunk, and
 * returns whether to continue.
 */
export interface ForwardScan {
  readonly from: number
  /** Whether a last line without newline is visited. */
  readonly partial: boolean
  /** Returns true for bytes that contain no line of interest. */
  readonly skips?: (bytes: Buffer) => boolean
  readonly visit: (span: LineSpan, bytes: Buffer | undefined) => boolean
  /** The buffer for repeated walks; absent: a new one. */
  readonly buffer?: Buffer
}

/**
 * The end of a walk: every line before `readTo` was visited, except for `missedBytes` that rotation
 * had dropped.
 */
export interface ScanEnd {
  readonly readTo: number
  readonly missedBytes: number
}

/** Visits the lines from an offset on, oldest first. */
export const scanForward = Effect.fnUntraced(function* (
  file: OutputFile,
  scan: ForwardScan
): Effect.fn.Return<ScanEnd> {
  const buffer = scan.buffer ?? scanBuffer(file.end - scan.from)
  let position = scan.from
  let missedBytes = 0
  while (position < file.end) {
    const { bytes, count } = readUnsearched(file, position, buffer)
    if (count === "dropped") {
      missedBytes += file.keptFrom - position
      position = file.keptFrom
      continue
    }
    if (count === 0) break
    const whole = takeWholeLines(scan, bytes, position)
    position += whole.bytes
    if (whole.stopped) break
    if (whole.bytes === 0) {
      const span = yield* incompleteLine(file, position, count)
      if (span === "dropped") continue
      if (isPartial(span) && !scan.partial) break
      const isWanted = scan.visit(span, span.next === position + bytes.length ? bytes : undefined)
      position = span.next
      if (!isWanted) break
    }
    yield* Effect.yieldNow
  }
  return { readTo: position, missedBytes }
})

/**
 * The last lines that start before an offset, oldest first, including a line without newline. Reads
 * only these lines, not the whole file.
 */
export const scanBackward = Effect.fnUntraced(function* (
  file: OutputFile,
  scan: { readonly before: number; readonly count: number; readonly buffer?: Buffer }
): Effect.fn.Return<readonly LineSpan[]> {
  const buffer = scan.buffer ?? scanBuffer(Math.max(4096, scan.count * usualLineBytes))
  const walk: BackwardWalk = { spans: [], count: scan.count, end: scan.before, next: scan.before }
  let position = scan.before
  while (walk.spans.length < scan.count && position > file.keptFrom) {
    const from = Math.max(file.keptFrom, position - buffer.length)
    const count = file.read(from, buffer.subarray(0, position - from))
    if (count === "dropped") continue
    if (count === 0) return walk.spans.toReversed()
    if (position === scan.before && buffer[count - 1] === newline) walk.end = position - 1
    takeLinesBackward(walk, buffer.subarray(0, count), from)
    position = from
    if (position > file.keptFrom) yield* Effect.yieldNow
  }
  takeOldestLine(walk, file.keptFrom)
  return walk.spans.toReversed()
})

interface BackwardWalk {
  /** Newest first. */
  readonly spans: LineSpan[]
  readonly count: number
  /** The end of the line whose start is searched, and the start of the line after it. */
  end: number
  next: number
}

function takeLinesBackward(walk: BackwardWalk, bytes: Buffer, offset: number): void {
  while (walk.spans.length < walk.count) {
    const at = lastNewline(bytes, walk.end - 1 - offset)
    if (at < 0) return
    const start = offset + at + 1
    walk.spans.push({ start, end: walk.end, next: walk.next })
    walk.next = start
    walk.end = start - 1
  }
}

/** The bytes before the oldest newline are a line, even if it is empty. */
function takeOldestLine(walk: BackwardWalk, keptFrom: number): void {
  if (walk.spans.length === walk.count || walk.next <= keptFrom || walk.end < keptFrom) return
  walk.spans.push({ start: keptFrom, end: walk.end, next: walk.next })
}

function takeWholeLines(
  scan: ForwardScan,
  bytes: Buffer,
  offset: number
): { bytes: number; stopped: boolean } {
  const length = bytes.lastIndexOf(newline) + 1
  if (length === 0) return { bytes: 0, stopped: false }
  const whole = bytes.subarray(0, length)
  if (scan.skips?.(whole) === true) return { bytes: length, stopped: false }
  return splitLines(whole, offset, scan.visit)
}

/** The line that starts at `start` and has no newline in its first `known` bytes. */
const incompleteLine = Effect.fnUntraced(function* (
  file: OutputFile,
  start: number,
  known: number
): Effect.fn.Return<LineSpan | "dropped"> {
  const buffer = scanBuffer(file.end - start - known)
  remember(file, start, start + known)
  for (let position = start + known; position < file.end;) {
    const count = file.read(position, buffer)
    if (count === "dropped") return count
    if (count === 0) break
    const at = buffer.subarray(0, count).indexOf(newline)
    if (at >= 0) return { start, end: position + at, next: position + at + 1 }
    position += count
    remember(file, start, position)
    yield* Effect.yieldNow
  }
  return { start, end: file.end, next: file.end }
})

/**
 * Reads, but skips bytes that are known to contain no newline; of those it only returns the count.
 */
function readUnsearched(
  file: OutputFile,
  position: number,
  buffer: Buffer
): { readonly count: number | "dropped"; readonly bytes: Buffer } {
  const known = searchedFrom(file, position)
  if (known > 0) return { count: known, bytes: nothing }
  const count = file.read(position, buffer)
  return { count, bytes: count === "dropped" ? nothing : buffer.subarray(0, count) }
}

/**
 * How many bytes after this position are known to contain no newline. Nothing is known of dropped
 * bytes.
 */
function searchedFrom({ keptFrom, search }: OutputFile, position: number): number {
  return search?.start === position && position >= keptFrom ? search.to - position : 0
}

function remember({ search }: OutputFile, start: number, to: number): void {
  if (search === undefined) return
  search.start = start
  search.to = to
}

function lastNewline(bytes: Buffer, from: number): number {
  return from < 0 ? -1 : bytes.subarray(0, from + 1).lastIndexOf(newline)
}

/** Allocates a buffer for a walk over this many bytes, at most a chunk. */
export function scanBuffer(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(1, Math.min(chunkBytes, bytes)))
}
