/** What ends a loop: a pass, a target, or one of its bounds. */
import { deadlineOf, type Goal, type Loop } from "./Loop.ts"
import { reachesTarget } from "./score.ts"

/** A loop that goes nowhere is told of from so many iterations on. */
export const unchangedMany = 3

const unchanged = ({ progress: { unchangedInRow } }: Loop): string =>
  unchangedInRow >= unchangedMany
    ? `; its last ${unchangedInRow} iterations changed no tracked file`
    : ""

/** The end of a loop that has used up what it was given. */
const exhausted = (loop: Loop, bound: string): Goal => ({
  status:
    loop.spec.strategy.kind === "optimize" && loop.progress.best !== null ? "completed" : "failed",
  reason: `${bound}${unchanged(loop)}`
})

const ofSuccess = ({ spec: { strategy }, progress: { last, best } }: Loop): Goal | null => {
  if (last?.result === "pass") return { status: "completed", reason: null }
  return strategy.kind === "optimize" && best !== null && reachesTarget(strategy, best.score)
    ? { status: "completed", reason: `targetScore ${strategy.targetScore} was reached` }
    : null
}

const ofCrashes = (loop: Loop): Goal | null => {
  const {
    spec: { maxConsecutiveFailures: most, onUsageLimit },
    progress: { crashesInRow, last, limited }
  } = loop
  const cause = last?.reason == null ? "" : `: ${last.reason}`
  if (onUsageLimit === "fail" && limited !== null)
    return { status: "failed", reason: "its agent met a usage limit (onUsageLimit fail)" }
  return most > 0 && crashesInRow >= most
    ? {
        status: "failed",
        reason: `${crashesInRow} crashes in a row (maxConsecutiveFailures ${most})${cause}`
      }
    : null
}

/** The bound that `maxDurationMs` is, at an instant (epoch ms). */
export const ofDuration = (loop: Loop, at: number): Goal | null => {
  const deadline = deadlineOf(loop)
  return deadline !== null && at >= deadline
    ? exhausted(loop, `maxDurationMs ${loop.spec.maxDurationMs} is over`)
    : null
}

const ofBounds = (loop: Loop): Goal | null => {
  const { spec, progress } = loop
  const { strategy, maxIterations, maxCostUsd } = spec
  const patience = strategy.kind === "optimize" ? strategy.patience : 0
  if (patience > 0 && progress.discardsInRow >= patience)
    return exhausted(loop, `${patience} iterations in a row kept nothing (patience)`)
  if (maxIterations > 0 && progress.iterations >= maxIterations)
    return exhausted(loop, `maxIterations ${maxIterations} was reached`)
  return maxCostUsd !== null && (progress.costUsd ?? 0) >= maxCostUsd
    ? exhausted(loop, `maxCostUsd ${maxCostUsd} is spent`)
    : null
}

/** How the loop ends between two iterations, at an instant (epoch ms); null when another one follows. */
export const goalOf = (loop: Loop, at: number): Goal | null =>
  ofSuccess(loop) ?? ofCrashes(loop) ?? ofBounds(loop) ?? ofDuration(loop, at)
