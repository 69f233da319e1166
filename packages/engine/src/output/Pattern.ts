// A caller's regular expression, kept from holding the engine up.
// JavaScriptCore itself gives up exponential backtracking after about half a second; polynomial backtracking (.*.*=) it
// does not, so such patterns are tried on growing parts of a line first and refused when one part is already slow.
import * as Result from "effect/Result"
import { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { mayEscape } from "./Line.ts"

/** A compiled `grep`. */
export interface Pattern {
  /** Whether the text matches; "slow" when finding out would take too long. */
  readonly test: (text: string) => boolean | "slow"
  /** True when no line within these bytes can match: a fast answer for plain words. */
  readonly skips: (bytes: Buffer) => boolean
}

const maxSourceLength = 1_000
const slowMs = 50
// What slow lines of one request may cost in all: the engine answers nobody else meanwhile.
const budgetMs = 2_000
const notableMs = 1
const giveUpMs = 300
const plainWords = /^[A-Za-z0-9 _\-:/=,;'"@#%&<>!~`|]+$/

/** Compiles the source of a regex, which may match without regard to case. Fails with InvalidLogQuery for `grep`. */
export function compilePattern(
  source: string,
  ignoreCase = false
): Result.Result<Pattern, InvalidLogQuery> {
  if (source.length > maxSourceLength) {
    return Result.fail(
      new InvalidLogQuery({
        field: "grep",
        message: `is longer than ${maxSourceLength} characters`
      })
    )
  }
  return Result.try({
    try: (): Pattern => {
      const test = guarded(new RegExp(source, ignoreCase ? "i" : ""), countRepeats(source))
      return { test, skips: ignoreCase ? () => false : skipper(source) }
    },
    catch: (cause) =>
      new InvalidLogQuery({
        field: "grep",
        message: cause instanceof Error ? cause.message : String(cause)
      })
  })
}

/** The failure to answer with when `test` says "slow". */
export function tooSlow(source: string): InvalidLogQuery {
  return new InvalidLogQuery({
    field: "grep",
    message: `is too slow for a line of this output: ${source}`,
    isSlow: true
  })
}

function guarded(regex: RegExp, repeats: number): (text: string) => boolean | "slow" {
  const unguarded = unguardedLength(repeats)
  if (unguarded === Number.POSITIVE_INFINITY) return (text) => regex.test(text)
  let spentMs = 0
  const timed = (text: string): { matches: boolean; ms: number } => {
    const startedAt = performance.now()
    const matches = regex.test(text)
    const ms = performance.now() - startedAt
    if (ms > notableMs) spentMs += ms
    return { matches, ms }
  }
  return (text) => {
    for (let length = unguarded; length < text.length; length *= 2) {
      const part = text.slice(0, length)
      // The second look tells a slow pattern from a machine that was busy for a moment.
      if (timed(part).ms > slowMs && timed(part).ms > slowMs) return "slow"
    }
    // Having given up, the engine of the regex says "no match", which is not known.
    const whole = timed(text)
    const gaveUp = !whole.matches && whole.ms > giveUpMs && timed(text).ms > giveUpMs
    return gaveUp || spentMs > budgetMs ? "slow" : whole.matches
  }
}

// Backtracking over n characters costs up to n to the power of the count of open repeats, and once more for the unanchored start.
function unguardedLength(repeats: number): number {
  if (repeats === 0) return Number.POSITIVE_INFINITY
  if (repeats === 1) return 4_096
  return repeats <= 3 ? 64 : 16
}

function countRepeats(source: string): number {
  const bare = source.replaceAll(/\\./g, "")
  const repeats = bare.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0
  return /\)[*+{]/.test(bare) ? repeats + 2 : repeats
}

function skipper(source: string): (bytes: Buffer) => boolean {
  const words = source.split("|")
  if (!plainWords.test(source) || words.some((word) => word === "")) return () => false
  // An escape sequence may stand inside a word, so bytes that hold one are read line by line.
  return (bytes) => !mayEscape(bytes) && words.every((word) => !bytes.includes(word))
}
