/** Makes a failing history shorter, as long as it fails in the same way. */
import type { Outcome, Script } from "./History.ts"
import type { Step } from "./Step.ts"

/** A failing history, with what came of it. */
export interface Failing {
  readonly script: Script
  readonly outcome: Outcome
}

/** A flaw without what differs between two histories: ids and numbers. */
export const kindOf = ({ flaws }: Outcome): string =>
  (flaws[0] ?? "")
    .replaceAll(/[[{].*[\]}]/gu, "")
    .replaceAll(/\bt?\d+\b/gu, "#")
    .slice(0, 60)

const without = (steps: ReadonlyArray<Step>, from: number, count: number): ReadonlyArray<Step> => [
  ...steps.slice(0, from),
  ...steps.slice(from + count)
]

/** Leaves out steps, many at a time first, then single ones. Each try is one play; there are at most `triesAtMost`. */
export const shrink = async (
  failing: Failing,
  play: (script: Script) => Promise<Outcome>,
  triesAtMost = 300
): Promise<Failing> => {
  const kind = kindOf(failing.outcome)
  let best: Failing = {
    ...failing,
    script: {
      ...failing.script,
      steps: failing.script.steps.slice(0, failing.outcome.playedSteps)
    }
  }
  let tries = 0
  for (let size = Math.ceil(best.script.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.script.steps.length && tries < triesAtMost;) {
      const script = { ...best.script, steps: without(best.script.steps, from, size) }
      tries++
      const outcome = await play(script)
      if (outcome.flaws.length > 0 && kindOf(outcome) === kind) best = { script, outcome }
      else from += size
    }
  }
  return best
}
