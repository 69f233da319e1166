/** A binary heap: the smallest entry comes first. Source: Knuth, The Art of Computer Programming 3, 5.2.3. */

/** An entry ordered by when it is due. */
export interface Ordered {
  readonly due: number
}

/** Entries ordered by when they are due. */
export class Heap<Entry extends Ordered> {
  readonly #entries: Array<Entry> = []

  get size(): number {
    return this.#entries.length
  }

  /** The entry that is due first. */
  first(): Entry | undefined {
    return this.#entries[0]
  }

  add(entry: Entry): void {
    const entries = this.#entries
    let at = entries.length
    entries.push(entry)
    for (
      let parent = (at - 1) >> 1;
      at > 0 && this.#due(parent) > entry.due;
      parent = (at - 1) >> 1
    ) {
      this.#move(parent, at)
      at = parent
    }
    entries[at] = entry
  }

  /** Removes the entry that is due first. */
  removeFirst(): Entry | undefined {
    const [first] = this.#entries
    const last = this.#entries.pop()
    if (last !== undefined && this.#entries.length > 0) this.#sink(last)
    return first
  }

  /** Removes all unwanted entries. */
  keep(isWanted: (entry: Entry) => boolean): void {
    const wanted = this.#entries.filter(isWanted)
    this.#entries.length = 0
    for (const entry of wanted) this.add(entry)
  }

  #due(at: number): number {
    return this.#entries[at]?.due ?? Number.POSITIVE_INFINITY
  }

  #move(from: number, to: number): void {
    const entry = this.#entries[from]
    if (entry !== undefined) this.#entries[to] = entry
  }

  #sink(entry: Entry): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const least = this.#due(left + 1) < this.#due(left) ? left + 1 : left
      if (this.#due(least) >= entry.due) break
      this.#move(least, at)
      at = least
    }
    this.#entries[at] = entry
  }
}
