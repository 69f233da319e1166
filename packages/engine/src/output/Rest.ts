// How long the unfinished line of each stream has stood as it is.
import type { OutputStream } from "./OutputStream.ts"

/** An unfinished line counts as it stands when nothing came in its stream for so long, in milliseconds. */
export const restMs = 100

/** A stream that ends in an unfinished line. */
export interface Unfinished {
  readonly stream: OutputStream
  readonly end: number
}

/** What to do now: take what rests (`ripe`), else wait so long, else (both null) until something comes. */
export interface RestLook {
  readonly ripe: OutputStream | null
  readonly waitMs: number | null
}

interface Standing {
  readonly end: number
  readonly since: number
  readonly isTaken: boolean
}

/** The memory of one follower. Of each stream a line is taken once for each place where it stopped. */
export class Rest {
  readonly #ms: number
  readonly #standing = new Map<OutputStream, Standing>()

  constructor(ms: number) {
    this.#ms = ms
  }

  /** Looks at the streams that end in an unfinished line; `now` in milliseconds of a clock that does not jump. */
  look(unfinished: readonly Unfinished[], now: number): RestLook {
    let waitMs: number | null = null
    for (const { end, stream } of unfinished) {
      const known = this.#standing.get(stream)
      const standing = known?.end === end ? known : { end, since: now, isTaken: false }
      const leftMs = standing.since + this.#ms - now
      const isRipe = !standing.isTaken && leftMs <= 0
      this.#standing.set(stream, { ...standing, isTaken: standing.isTaken || isRipe })
      if (isRipe) return { ripe: stream, waitMs: null }
      if (!standing.isTaken) waitMs = Math.min(waitMs ?? leftMs, leftMs)
    }
    return { ripe: null, waitMs }
  }
}
