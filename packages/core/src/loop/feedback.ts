/** What the next prompt of a loop is told of the last iteration. */
import type { Loop } from "./Loop.ts"

/** The most characters of it; a character has at most three bytes here in UTF-16, so that it is cut by bytes below. */
const maxBytes = 4096

const encoder = new TextEncoder()
const bytesOf = (text: string): number => encoder.encode(text).length

/** The end of the lines that fits. */
const newest = (lines: ReadonlyArray<string>, bytes: number): ReadonlyArray<string> => {
  const kept: Array<string> = []
  let rest = bytes
  for (const line of lines.toReversed()) {
    rest -= bytesOf(line) + 1
    if (rest < 0) break
    kept.unshift(line)
  }
  return kept
}

const headOf = ({ progress: { last, best }, spec: { strategy } }: Loop): ReadonlyArray<string> => {
  if (last === null) return []
  const score = last.score === null ? "" : `, score ${last.score}`
  return [
    `Iteration ${last.number} of this loop: ${last.result}${score}.`,
    ...(last.reason === null ? [] : [`Reason: ${last.reason}`]),
    ...(strategy.kind === "retry" || best === null
      ? []
      : [
          `Best score so far: ${best.score}, of iteration ${best.iteration} (${strategy.direction} it).`
        ])
  ]
}

/** Text about the last iteration with the last lines of its evaluation, at most 4 KB; null when there was none. */
export const feedbackOf = (loop: Loop, lines: ReadonlyArray<string>): string | null => {
  const { last } = loop.progress
  if (last === null || !loop.spec.feedback) return null
  const head = headOf(loop).map((line) => line.slice(0, 1000))
  const used = head.reduce((sum, line) => sum + bytesOf(line) + 1, 0)
  const end = newest(lines, maxBytes - used - 100)
  return [
    "---",
    ...head,
    ...(end.length === 0 ? [] : ["The last lines of its evaluation:", ...end])
  ].join("\n")
}
