/** The units of fields, and durations written with a unit. */

const units: ReadonlyArray<readonly [RegExp, string]> = [
  [/Ms$|^timeout$|Timeout$|^cooldown$/u, "milliseconds"],
  [/Bytes$|^maxOutputBuffer$/u, "bytes"],
  [/Days$/u, "days"],
  [/Usd$/u, "US dollars"]
]

/** The unit of a field; null for a count or a text. */
export const unitOf = (field: string): string | null =>
  units.find(([names]) => names.test(field))?.[1] ?? null

const lengths: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

/** A duration in words and in milliseconds. */
export interface Length {
  readonly words: string
  readonly ms: number
}

/**
 * Parses a duration such as `30s`, `1.5 min` or `500`; null if it is none. A number below `minimum`
 * means seconds.
 */
export const lengthOf = (given: unknown, minimum: number): Length | null => {
  const [, digits = "", name = ""] =
    /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/iu.exec(String(given)) ?? []
  if (digits === "") return null
  const number = Number(digits)
  if (name === "")
    return number < minimum
      ? { words: `${digits} s`, ms: number * 1000 }
      : { words: `${digits} ms`, ms: number }
  const short = name
    .toLowerCase()
    .replace(/^(?:second|minute|hour|day).*$/u, (word) =>
      word.startsWith("min") ? "min" : word.charAt(0)
    )
  const length = lengths[short] ?? lengths[short.replace(/s$/u, "")]
  return length === undefined
    ? null
    : { words: `${digits} ${short}`, ms: Math.round(number * length) }
}
