/** Formats times for people: in their zone, and relative to now. */

/** The reader's clock: now in epoch milliseconds, and the IANA name of the time zone. */
export interface Clock {
  readonly now: number
  readonly zone: string
}

const units: ReadonlyArray<readonly [number, string]> = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"]
]

/** A duration in its largest unit, such as `3 min`. */
const roughly = (ms: number): string => {
  const [size, name] = units.find(([each]) => ms >= each) ?? [1000, "s"]
  return `${Math.floor(ms / size)} ${name}`
}

/** A duration in two units, such as `2m5s`; `-` for null. */
export const duration = (ms: number | null): string => {
  if (ms === null) return "-"
  if (ms < 1000) return `${Math.round(ms)}ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes}m${Math.floor(seconds % 60)}s`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

const inZone = (at: number, zone: string): string => {
  const options = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23"
  } as const
  try {
    return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone }).format(at)
  } catch {
    return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: "UTC" }).format(at)
  }
}

/** An instant in the reader's zone, and how far away it is: `14:05:09 (3 min ago)`. */
export const when = (iso: string, { now, zone }: Clock): string => {
  const at = Date.parse(iso)
  const [day = "", time = ""] = inZone(at, zone).split(" ")
  const shown = inZone(now, zone).startsWith(day) ? time : `${day} ${time}`
  return `${shown} (${at > now ? `in ${roughly(at - now)}` : `${roughly(now - at)} ago`})`
}

const instants = /(?<= (?:at|before|on) )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z(?![\w:])/gu

/**
 * Converts the instants in a sentence to the reader's zone: `It times out at 14:05:09 (in 3 min).`
 */
export const whenIn = (sentence: string, clock: Clock): string =>
  sentence.replaceAll(instants, (iso) => when(iso, clock))
