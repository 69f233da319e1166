// How far a reader has come, as the opaque text that `since` takes: attempt, stdout offset, stderr offset.
// A cursor is about bytes, not about the order of arrival, so no later sample or rotation can make it skip or repeat a line.
import type { PerStream } from "./OutputStream.ts"

/** A place in the output of a task. Offsets in bytes, each at the start of a line or behind an unfinished one that a reader took as it stood; the first attempt is 1. */
export interface Cursor extends PerStream {
  readonly attempt: number
}

const shape = /^c([1-9][0-9]{0,8})-([0-9]{1,15})-([0-9]{1,15})$/

/** The text of a cursor. */
export function formatCursor(cursor: Cursor): string {
  return `c${cursor.attempt}-${cursor.stdout}-${cursor.stderr}`
}

/** Reads a cursor; undefined for any text that `formatCursor` does not make. */
export function parseCursor(text: string): Cursor | undefined {
  const match = shape.exec(text)
  if (match === null) return undefined
  const [, attempt, stdout, stderr] = match
  return { attempt: Number(attempt), stdout: Number(stdout), stderr: Number(stderr) }
}
