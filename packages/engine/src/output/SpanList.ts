// The positions of many lines of one stream, in twelve bytes each: a query may match a million
// lines.
import type { LineSpan } from "./Line.ts"

const initialCount = 256

/** Lines in order. Above the limit the oldest are replaced by the newest. */
export class SpanList {
  readonly #limit: number
  #starts = new Float64Array(0)
  #lengths = new Uint32Array(0)
  #oldest = 0
  #count = 0
  /** The start of the only line that may have no newline. */
  #partialStart = -1

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The number of lines. */
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

  /** The line at this place, 0 is the oldest; undefined if there is none. */
  at(place: number): LineSpan | undefined {
    if (place < 0 || place >= this.#count) return undefined
    const index = (this.#oldest + place) % this.#starts.length
    const start = this.#starts[index] ?? 0
    const next = start + (this.#lengths[index] ?? 0)
    return { start, end: start === this.#partialStart ? next : next - 1, next }
  }

  /** It only grows before a line was replaced, so the oldest is the first. */
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
