// A caller's regular expression that cannot block the engine. JavaScriptCore stops exponential
// backtracking after about half a second, but not polynomial backtracking (.*.*=). So such patterns
// are first tried on growing parts of a line, and rejected if a part is already slow.
import * as Result from "effect/Result"
import { InvalidLogQuery } from "./InvalidLogQuery.ts"
import { mayEscape } from "./Line.ts"

/** A compiled `grep`. */
export interface Pattern {
  /** Whether the text matches; "slow" if that would take too long. */
  readonly test: (text: string) => boolean | "slow"
  /** True if no line within these bytes can match: a fast check for plain words. */
  readonly skips: (bytes: Buffer) => boolean
}

const maxSourceLength = 1_000
const slowMs = 50
// The total time for slow lines of one query: the engine answers no other call meanwhile.
const budgetMs = 2_000
const notableMs = 1
const giveUpMs = 300
const plainWords = /^[A-Za-z0-9 _\-:/=,;'"@#%&<>!~`|]+$/

/**
 * Compiles a regular expression, optionally ignoring case. Fails with InvalidLogQuery for `grep`.
 */
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

/** The error when `test` returns "slow". */
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
      // Measured twice, to distinguish a slow pattern from a machine that was busy for a moment.
      if (timed(part).ms > slowMs && timed(part).ms > slowMs) return "slow"
    }
    // When it gives up, the regex engine returns "no match", although that is unknown.
    const whole = timed(text)
    const gaveUp = !whole.matches && whole.ms > giveUpMs && timed(text).ms > giveUpMs
    return gaveUp || spentMs > budgetMs ? "slow" : whole.matches
  }
}

// Backtracking over n characters costs up to n to the power of the number of open repeats, plus one
// for the unanchored start.
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
  // An escape sequence may be inside a word, so bytes that contain one are read line by line.
  return (bytes) => !mayEscape(bytes) && words.every((word) => !bytes.includes(word))
}
