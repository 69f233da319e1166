/** A list that stays sorted: additions and removals search by halves. */

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

  /** The first entries, so many at most. */
  first(count: number): ReadonlyArray<A> {
    return this.#entries.slice(0, count)
  }

  add(entry: A): void {
    this.#entries.splice(this.#placeOf(entry), 0, entry)
  }

  /** Removes the entry that is equal in the order, if there is one. */
  remove(entry: A): void {
    const place = this.#placeOf(entry)
    const found = this.#entries[place]
    if (found !== undefined && this.#order(found, entry) === 0) this.#entries.splice(place, 1)
  }

  /** Where the entry is, or would be. */
  #placeOf(entry: A): number {
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
