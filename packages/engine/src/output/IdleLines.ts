// Tracks how long the incomplete last line of each stream has not grown.
import type { OutputStream } from "./OutputStream.ts"

/** An incomplete line counts as a line if its stream has not grown for so long (ms). */
export const idleLineMs = 100

/** A stream that ends with an incomplete line. */
export interface IncompleteStream {
  readonly stream: OutputStream
  readonly end: number
}

/**
 * What to do now: read the line of `idle`; or wait `waitMs`; or if both are null, wait for output.
 */
export interface IdleCheck {
  readonly idle: OutputStream | null
  readonly waitMs: number | null
}

interface LineState {
  readonly end: number
  readonly since: number
  readonly isTaken: boolean
}

/**
 * The state of one follower. Each stream's incomplete line is read once for each offset where it
 * stopped.
 */
export class IdleLines {
  readonly #ms: number
  readonly #lines = new Map<OutputStream, LineState>()

  constructor(ms: number) {
    this.#ms = ms
  }

  /**
   * Checks the streams that end with an incomplete line; `now` is in milliseconds of a monotonic
   * clock.
   */
  check(incomplete: readonly IncompleteStream[], now: number): IdleCheck {
    let waitMs: number | null = null
    for (const { end, stream } of incomplete) {
      const known = this.#lines.get(stream)
      const line = known?.end === end ? known : { end, since: now, isTaken: false }
      const leftMs = line.since + this.#ms - now
      const isIdle = !line.isTaken && leftMs <= 0
      this.#lines.set(stream, { ...line, isTaken: line.isTaken || isIdle })
      if (isIdle) return { idle: stream, waitMs: null }
      if (!line.isTaken) waitMs = Math.min(waitMs ?? leftMs, leftMs)
    }
    return { idle: null, waitMs }
  }
}
