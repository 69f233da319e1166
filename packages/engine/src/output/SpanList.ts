// Where many lines of one stream are, in twelve bytes each: a request may match a million of them.
import type { LineSpan } from "./Line.ts"

const initialCount = 256

/** Lines in their order. Beyond the limit the oldest give way to the newest. */
export class SpanList {
  readonly #limit: number
  #starts = new Float64Array(0)
  #lengths = new Uint32Array(0)
  #oldest = 0
  #count = 0
  /** The start of the one line that may have no newline. */
  #partialStart = -1

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many are held. */
  get count(): number {
    return this.#count
  }

  push(span: LineSpan): void {
    if (this.#limit === 0) return
    if (this.#count === this.#starts.length && this.#count < this.#limit) this.#grow()
    const index = (this.#oldest + this.#count) % this.#starts.length
    this.#starts[index] = span.start
    this.#lengths[index] = span.next - span.start
    if (span.end === span.next) this.#partialStart = span.start
    if (this.#count < this.#starts.length) this.#count++
    else this.#oldest = (this.#oldest + 1) % this.#starts.length
  }

  /** The line at this place, 0 being the oldest one held; undefined where there is none. */
  at(place: number): LineSpan | undefined {
    if (place < 0 || place >= this.#count) return undefined
    const index = (this.#oldest + place) % this.#starts.length
    const start = this.#starts[index] ?? 0
    const next = start + (this.#lengths[index] ?? 0)
    return { start, end: start === this.#partialStart ? next : next - 1, next }
  }

  /** It grows only while nothing has given way, so the oldest is the first. */
  #grow(): void {
    const size = Math.min(this.#limit, Math.max(initialCount, this.#starts.length * 2))
    const starts = new Float64Array(size)
    const lengths = new Uint32Array(size)
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#starts = starts
    this.#lengths = lengths
  }
}

/** The lines of a list from one place up to, but not including, another. */
export interface ListedLines {
  readonly list: SpanList
  readonly from: number
  readonly to: number
}
