// A line as an answer shows it.
import type { OutputTimestamps } from "./OutputTimestamps.ts"
import { isPartial, lineText } from "./Line.ts"
import type { PlacedLine } from "./mergeLines.ts"
import type { ReadAhead } from "./OutputFile.ts"
import type { OutputStream } from "./OutputStream.ts"

/** One line of output. */
export interface LogLine {
  readonly stream: OutputStream
  readonly text: string
  /** When it arrived, to 50 ms: ISO 8601 in UTC. */
  readonly at: string
  /** Set on a line that does not match `grep` but is near a match. */
  readonly context?: true
  /**
   * Set on a last line without newline: it may still grow, and is read again when it is complete.
   */
  readonly partial?: true
}

/** What reading lines needs: the timestamps, one reader per file, and how to show lines. */
export interface Reading {
  readonly arrivals: OutputTimestamps
  readonly readers: readonly ReadAhead[]
  readonly ansi: boolean
  readonly ended: boolean
}

/** Reads a line; undefined if rotation has dropped it meanwhile. */
export function readLine(reading: Reading, line: PlacedLine): LogLine | undefined {
  const { arrivals, ansi, ended } = reading
  const reader = reading.readers.find(({ file }) => file === line.file)
  const text = reader === undefined ? undefined : lineText(reader, line.span, ansi)
  if (text === undefined) return undefined
  // Output after the last sample arrived with the last write.
  const at =
    arrivals.timeOf(line.sample) ??
    Math.max(line.file.modifiedAt, arrivals.timeOf(arrivals.count - 1) ?? 0)
  return {
    stream: line.file.stream,
    text,
    at: new Date(at).toISOString(),
    ...(line.span.context === true ? { context: true as const } : {}),
    ...(isPartial(line.span) && !ended ? { partial: true as const } : {})
  }
}
