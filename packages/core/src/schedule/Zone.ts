/** The offsets of a time zone, as stretches between its changes. They are read from Temporal when they are needed, and kept. */

/** A time in which the offset is the same: from `from` (epoch ms) until before `to`. */
export interface Stretch {
  readonly from: number
  readonly to: number
  /** Wall time minus UTC, in milliseconds. */
  readonly offsetMs: number
}

const nanos = (ms: number): bigint => BigInt(ms) * 1_000_000n

/** The last instant that Temporal knows (epoch ms). Source: ECMA-262, Temporal.Instant. */
const latest = 8_640_000_000_000_000

/** How long before the first instant that was asked for the stretches begin. */
const marginMs = 400 * 86_400_000

class Zone {
  readonly #id: string
  #stretches: Array<Stretch> = []

  constructor(id: string) {
    this.#id = id
  }

  /** The stretches from the one before that of `from` on: changes are seen from both sides. */
  *from(from: number): Generator<Stretch> {
    const first = this.#stretches[0]
    if (first === undefined || from - marginMs / 2 < first.from) this.#begin(from - marginMs)
    let at = this.#find(from)
    at = Math.max(0, at - 1)
    for (; ; at++) {
      if (at === this.#stretches.length && !this.#extend()) return
      const stretch = this.#stretches[at]
      if (stretch === undefined) return
      yield stretch
    }
  }

  #begin(at: number): void {
    this.#stretches = [this.#read(Math.max(-latest, at))]
  }

  #read(from: number): Stretch {
    const wall = new Temporal.ZonedDateTime(nanos(from), this.#id)
    let change = wall.getTimeZoneTransition("next")
    // Only the name of the time may change, which is no change of the clock.
    while (change !== null && change.offsetNanoseconds === wall.offsetNanoseconds)
      change = change.getTimeZoneTransition("next")
    return {
      from,
      to: change === null ? Number.POSITIVE_INFINITY : change.epochMilliseconds,
      offsetMs: wall.offsetNanoseconds / 1_000_000
    }
  }

  #extend(): boolean {
    const last = this.#stretches.at(-1)
    if (last === undefined || last.to >= latest) return false
    this.#stretches.push(this.#read(last.to))
    return true
  }

  #find(instant: number): number {
    for (let last = this.#stretches.at(-1); last !== undefined && last.to <= instant;) {
      if (!this.#extend()) break
      last = this.#stretches.at(-1)
    }
    let low = 0
    let high = this.#stretches.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#stretches[middle]?.from ?? 0) <= instant) low = middle
      else high = middle - 1
    }
    return low
  }
}

const zones = new Map<string, Zone>()

/** The name of a zone as the zone data spells it; null when there is no such zone. */
export const canonicalZone = (name: string): string | null => {
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId
  } catch {
    return null
  }
}

/** The stretches of a zone, from the one before that of the instant (epoch ms) on. Throws RangeError when there is no such zone. */
export const stretchesFrom = (zone: string, from: number): Generator<Stretch> => {
  const known = zones.get(zone) ?? new Zone(zone)
  zones.set(zone, known)
  return known.from(from)
}
