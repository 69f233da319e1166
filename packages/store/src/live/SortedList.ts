/** A sorted list: additions and removals use binary search. */

/** Entries in an order in which no two are equal. */
export class SortedList<A> {
  readonly #entries: Array<A> = []
  readonly #order: (one: A, other: A) => number

  constructor(order: (one: A, other: A) => number) {
    this.#order = order
  }

  get size(): number {
    return this.#entries.length
  }

  /** The entries from the first to the last. */
  [Symbol.iterator](): IterableIterator<A> {
    return this.#entries.values()
  }

  /** The first entries, at most `count`. */
  first(count: number): ReadonlyArray<A> {
    return this.#entries.slice(0, count)
  }

  add(entry: A): void {
    this.#entries.splice(this.#indexOf(entry), 0, entry)
  }

  /** Removes the entry that equals this one in the order, if there is one. */
  remove(entry: A): void {
    const index = this.#indexOf(entry)
    const found = this.#entries[index]
    if (found !== undefined && this.#order(found, entry) === 0) this.#entries.splice(index, 1)
  }

  /** The index at which the entry is, or would be inserted. */
  #indexOf(entry: A): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.#entries[middle]
      if (at !== undefined && this.#order(at, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
