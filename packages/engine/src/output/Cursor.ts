// The position of a reader, as the opaque text that `since` takes: attempt, stdout offset, stderr
// offset. A cursor contains byte offsets and not an order of arrival, so no later sample or
// rotation makes it skip or repeat a line.
import type { PerStream } from "./OutputStream.ts"

/**
 * A position in the output of a task. Offsets are in bytes, at the start of a line or after an
 * incomplete line that was read as it was. The first attempt is 1.
 */
export interface Cursor extends PerStream {
  readonly attempt: number
}

const shape = /^c([1-9][0-9]{0,8})-([0-9]{1,15})-([0-9]{1,15})$/

/** Formats a cursor. */
export function formatCursor(cursor: Cursor): string {
  return `c${cursor.attempt}-${cursor.stdout}-${cursor.stderr}`
}

/** Parses a cursor; undefined for a text that `formatCursor` does not produce. */
export function parseCursor(text: string): Cursor | undefined {
  const match = shape.exec(text)
  if (match === null) return undefined
  const [, attempt, stdout, stderr] = match
  return { attempt: Number(attempt), stdout: Number(stdout), stderr: Number(stderr) }
}
