/** Reads the score of an evaluation strictly, and compares scores. */
import type { Direction, Strategy } from "./LoopSpec.ts"

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u

/** The number that a text is: one finite decimal number with blanks around it, and nothing else. Null for any other text. */
export const readScore = (text: string): number | null => {
  const trimmed = text.trim()
  const value = decimal.test(trimmed) ? Number(trimmed) : Number.NaN
  return Number.isFinite(value) ? value : null
}

/** The middle one; of an even count the mean of the two in the middle. */
export const median = (scores: ReadonlyArray<number>): number => {
  const sorted = scores.toSorted((one, two) => one - two)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

/** How much better a score is than another; negative when it is worse. */
const gain = (direction: Direction, score: number, than: number): number =>
  direction === "maximize" ? score - than : than - score

type Optimize = Extract<Strategy, { readonly kind: "optimize" }>

/** Whether a score is strictly better than the best, by the least improvement at least. */
export const isBetter = (
  { direction, minImprovement }: Optimize,
  score: number,
  best: number | null
): boolean => {
  if (best === null) return true
  const by = gain(direction, score, best)
  return by > 0 && by >= minImprovement
}

/** Whether a score is as good as the target. */
export const reachesTarget = ({ direction, targetScore }: Optimize, score: number): boolean =>
  targetScore !== null && gain(direction, score, targetScore) >= 0
