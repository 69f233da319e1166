/** What a loop makes of the engine's reports: of its work, of its evaluation, of its worktree. */
import { after, andThen, endedBy } from "./between.ts"
import { unworked } from "./evolve.ts"
import type { WorkEnd, Worked } from "./Iteration.ts"
import { type Loop, stepOf } from "./Loop.ts"
import type { LoopCommand } from "./LoopCommand.ts"
import type { LoopEvent } from "./LoopEvent.ts"
import { type Found, recorded } from "./record.ts"
import { isBetter, median } from "./score.ts"
import { type EvaluationEnd, verdictOf } from "./verdict.ts"

type Command<Type extends LoopCommand["type"]> = Extract<LoopCommand, { readonly type: Type }>
type Events = ReadonlyArray<LoopEvent>

/** Nothing follows from a report of what the loop does not wait for any more. */
const none: Events = []

const minuteMs = 60_000
/** The first wait for a usage limit whose end is not told, and the longest. */
const limitedMs = { first: 5 * minuteMs, longest: 60 * minuteMs, all: 24 * 60 * minuteMs }
/** How long until what was refused is tried again. */
const refusedMs = { passing: 30_000, crash: 5000 }

/** Whether what is under way is not waited for: it is stopped. */
const isCutOff = ({ state }: Loop): boolean =>
  state.status === "stopping" || (state.status === "pausing" && state.force)

/** What an iteration came to whose work alone tells that; null when it is to be evaluated. */
const foundByWork = (loop: Loop, { work, changed }: Worked): Found | null => {
  if (isCutOff(loop)) return { result: "stopped", reason: null }
  if (work === null || work.how === "completed")
    return work?.isEmpty === true && changed !== true
      ? {
          result: "crash",
          reason: "its agent ended without a result, used no tokens and changed nothing"
        }
      : null
  if (work.how === "stopped") return { result: "stopped", reason: work.message }
  return { result: "crash", reason: work.message }
}

/** Behind the end of the work: its record where it is not evaluated. */
const behindWork = (loop: Loop, events: Events, at: number): Events => {
  const next = after(loop, events, at)
  const step = stepOf(next)
  if (step?.kind !== "unevaluated") return events
  const found = foundByWork(next, step.worked)
  return found === null
    ? events
    : andThen(loop, [...events, recorded(next, step.worked, found, at)], at)
}

/** When a usage limit is over, as far as that is known. */
const limitOver = ({ progress: { limited } }: Loop, end: WorkEnd, at: number): number =>
  end.limitedUntil !== null && end.limitedUntil > at
    ? end.limitedUntil
    : at + Math.min(limitedMs.first * 2 ** Math.min(limited?.count ?? 0, 10), limitedMs.longest)

const awaitsLimit = (loop: Loop, { how }: WorkEnd, at: number): boolean =>
  how === "limited" &&
  loop.spec.onUsageLimit === "wait" &&
  !isCutOff(loop) &&
  at - (loop.progress.limited?.since ?? at) < limitedMs.all

/** The end of the task or pipeline of an iteration. */
export const endIteration = (
  loop: Loop,
  { id, end }: Command<"EndIteration">,
  at: number
): Events => {
  const step = stepOf(loop)
  if (step?.kind !== "working" || step.current.id !== id) return none
  const worked: LoopEvent = {
    type: "loop.iteration.worked",
    number: step.current.number,
    work: end
  }
  if (!awaitsLimit(loop, end, at)) return behindWork(loop, [worked], at)
  const until = limitOver(loop, end, at)
  const waiting: LoopEvent = {
    type: "loop.waiting",
    until,
    cause: "usageLimit",
    message: end.message
  }
  return andThen(loop, [worked, waiting], at)
}

/** What an iteration has changed is a commit. */
export const save = (
  loop: Loop,
  { number, commit, changed, touched }: Command<"Save">,
  at: number
): Events => {
  const step = stepOf(loop)
  if (step?.kind !== "saving" || step.worked.number !== number) return none
  const saved: LoopEvent = { type: "loop.iteration.saved", number, commit, changed }
  if (touched.length === 0) return behindWork(loop, [saved], at)
  const found: Found = {
    result: "crash",
    reason: `protected files were changed: ${touched.join(", ")}`
  }
  const worked = { ...step.worked, commit, changed }
  return andThen(loop, [saved, recorded(loop, worked, found, at)], at)
}

const foundByScore = (
  { spec: { strategy }, progress: { best } }: Loop,
  scores: ReadonlyArray<number>,
  reason: string | null
): Found => {
  const score = median(scores)
  const isKept = strategy.kind === "optimize" && isBetter(strategy, score, best?.score ?? null)
  return { result: isKept ? "keep" : "discard", reason, score, scores }
}

/** The end of the task of an evaluation. */
export const endEvaluation = (
  loop: Loop,
  { taskId, end }: Command<"EndEvaluation">,
  at: number
): Events => {
  const step = stepOf(loop)
  if (step?.kind !== "evaluating" || step.taskId !== taskId) return none
  const { worked } = step
  const found = foundBy(loop, worked, end)
  if (found === null) return none
  return "score" in found && found.scores === undefined
    ? [
        {
          type: "loop.evaluation.scored",
          number: worked.number,
          score: found.score ?? 0,
          costUsd: end.costUsd
        }
      ]
    : andThen(loop, [recorded(loop, worked, { ...found, end }, at)], at)
}

/** Without `scores` it is one score of several that are wanted. */
const foundBy = (loop: Loop, { scores }: Worked, end: EvaluationEnd): Found | null => {
  const { evaluation, strategy } = loop.spec
  if (end.stopped && isCutOff(loop)) return { result: "stopped", reason: null }
  const verdict = verdictOf(evaluation, strategy, end)
  if (verdict.kind !== "score") return { result: verdict.kind, reason: verdict.reason }
  const { score, reason } = verdict
  const all = [...scores, score]
  const wanted = strategy.kind === "optimize" ? strategy.evalRepeats : 1
  return all.length < wanted && !isCutOff(loop)
    ? { result: "keep", reason, score }
    : foundByScore(loop, all, reason)
}

/** What the loop wants to start is refused. */
export const refuse = (
  loop: Loop,
  { message, isPassing }: Command<"Refuse">,
  at: number
): Events => {
  const step = stepOf(loop)
  if (step?.kind === "setup") return giveUp(loop, { type: "GiveUp", reason: message }, at)
  if (step?.kind === "unevaluated")
    return andThen(
      loop,
      [recorded(loop, step.worked, { result: "crash", reason: message }, at)],
      at
    )
  if (step?.kind !== "ready") return none
  const waiting = (ms: number): LoopEvent => ({
    type: "loop.waiting",
    until: at + ms,
    cause: "refused",
    message
  })
  if (isPassing) return andThen(loop, [waiting(refusedMs.passing)], at)
  const number = loop.progress.iterations + 1
  const events = andThen(
    loop,
    [recorded(loop, unworked(number, null, at), { result: "crash", reason: message }, at)],
    at
  )
  // What is refused at once must not be asked for again at once.
  return stepOf(after(loop, events, at))?.kind === "ready"
    ? [...events, waiting(refusedMs.crash)]
    : events
}

/** What the engine was to do cannot be done: nothing may follow on top of it. */
export const giveUp = (loop: Loop, { reason }: Command<"GiveUp">, at: number): Events => {
  const step = stepOf(loop)
  const record =
    step?.kind === "saving" ? [recorded(loop, step.worked, { result: "crash", reason }, at)] : []
  const { state } = loop
  const isCancelled = state.status === "stopping" && state.goal.status === "cancelled"
  return [...record, endedBy(isCancelled ? state.goal : { status: "failed", reason })]
}
