/** What an event makes of a loop. Total: every event that `decide` gave can be applied. */
import type { Occasion } from "../history/Occasion.ts"
import type { Iteration, Worked } from "./Iteration.ts"
import { type Loop, type LoopState, type Progress, type Step, stepOf } from "./Loop.ts"
import type { LoopEvent } from "./LoopEvent.ts"

type Event<Type extends LoopEvent["type"]> = Extract<LoopEvent, { readonly type: Type }>

/** An iteration of which nothing is known yet. */
export const unworked = (number: number, id: string | null, startedAt: number): Worked => ({
  number,
  id,
  startedAt,
  work: null,
  changed: null,
  commit: null,
  scores: [],
  evaluationIds: [],
  evaluationCostUsd: 0
})

/** What comes first once nothing stands before the iterations: the evaluation of the untouched start, where that is wanted. */
const firstStep = ({ progress }: Pick<Loop, "progress">, at: number): Step =>
  progress.hasBaseline ? { kind: "ready" } : { kind: "unevaluated", worked: unworked(0, null, at) }

const noProgress: Progress = {
  iterations: 0,
  hasBaseline: true,
  crashesInRow: 0,
  discardsInRow: 0,
  unchangedInRow: 0,
  costUsd: null,
  pausedMs: 0,
  best: null,
  last: null,
  limited: null,
  tree: null,
  place: null
}

/** The loop that `loop.created` makes. */
export const created = (
  id: string,
  { loop: spec, owner, tree }: Event<"loop.created">,
  at: number
): Loop => {
  const { strategy } = spec
  const hasBaseline = strategy.kind === "retry" || !strategy.baseline
  const progress = { ...noProgress, hasBaseline, tree }
  return {
    id,
    spec,
    owner,
    createdAt: at,
    progress,
    state: {
      status: "running",
      step: spec.git === null ? firstStep({ progress }, at) : { kind: "preparing" }
    }
  }
}

const withStep = (loop: Loop, step: Step): Loop =>
  "step" in loop.state ? { ...loop, state: { ...loop.state, step } } : loop

const withWorked = (
  loop: Loop,
  kind: "saving" | "unevaluated",
  change: (worked: Worked) => Worked
): Loop => {
  const step = stepOf(loop)
  if (step?.kind === "working")
    return withStep(loop, {
      kind,
      worked: change(unworked(step.current.number, step.current.id, step.current.startedAt))
    })
  return step !== null && "worked" in step
    ? withStep(loop, { kind, worked: change(step.worked) })
    : loop
}

/** What follows once an iteration is recorded and the worktree, if there is one, is where the next one starts. */
const nextStep = ({ spec, progress }: Loop, at: number): Step =>
  spec.cooldown > 0 && progress.iterations > 0
    ? { kind: "waiting", until: at + spec.cooldown, cause: "cooldown", message: null }
    : { kind: "ready" }

const sum = (one: number | null, other: number | null): number | null =>
  one === null && other === null ? null : (one ?? 0) + (other ?? 0)

const inRow = (before: number, counts: boolean, resets: boolean): number =>
  counts ? before + 1 : resets ? 0 : before

/** Whether the next iteration starts from what this one has made. */
const goesOnFrom = ({ result }: Iteration): boolean =>
  result === "keep" || result === "pass" || result === "fail"

const bestAfter = (
  { best }: Progress,
  { number, result, score, commit }: Iteration
): Progress["best"] =>
  result === "keep" && score !== null ? { iteration: number, score, commit } : best

const lastOf = ({
  number,
  result,
  score,
  reason,
  taskId,
  pipelineId,
  evaluation
}: Iteration): Progress["last"] => ({
  number,
  result,
  score,
  reason,
  workId: taskId ?? pipelineId,
  evaluationId: evaluation?.taskIds.at(-1) ?? null,
  lastLines: evaluation?.lastLines ?? []
})

const afterIteration = (progress: Progress, step: Step | null, iteration: Iteration): Progress => {
  const { number, result, changed } = iteration
  const work = step !== null && "worked" in step ? step.worked.work : null
  const isCrash = result === "crash"
  const isJudged = result !== "stopped"
  return {
    ...progress,
    iterations: Math.max(progress.iterations, number),
    hasBaseline: true,
    crashesInRow: inRow(progress.crashesInRow, isCrash, isJudged),
    discardsInRow: inRow(progress.discardsInRow, result === "discard", isJudged && !isCrash),
    unchangedInRow: inRow(progress.unchangedInRow, changed === false, changed === true),
    costUsd: sum(progress.costUsd, iteration.costUsd),
    best: bestAfter(progress, iteration),
    limited: work?.how === "limited" ? progress.limited : null,
    tree: work?.tree ?? progress.tree,
    last: lastOf(iteration)
  }
}

const evaluated = (
  loop: Loop,
  { iteration }: Event<"loop.iteration.evaluated">,
  at: number
): Loop => {
  const progress = afterIteration(loop.progress, stepOf(loop), iteration)
  const { place } = progress
  const next = { ...loop, progress }
  if (place === null) return withStep(next, nextStep(next, at))
  const head = goesOnFrom(iteration) ? (iteration.commit ?? place.head) : place.head
  return withStep(next, { kind: "settling", head, number: iteration.number })
}

const limitedAfter = ({ limited }: Progress, at: number): Progress["limited"] => ({
  count: (limited?.count ?? 0) + 1,
  since: limited?.since ?? at
})

const worked = (loop: Loop, { work }: Event<"loop.iteration.worked">, at: number): Loop => {
  const { place, tree } = loop.progress
  const changed = work.tree === null || tree === null ? null : work.tree !== tree
  const next = withWorked(loop, place === null ? "unevaluated" : "saving", (its) => ({
    ...its,
    work,
    changed: place === null ? changed : null
  }))
  return work.how === "limited"
    ? { ...next, progress: { ...next.progress, limited: limitedAfter(next.progress, at) } }
    : next
}

/** What happens inside an iteration and before the first one. */
const advance = (loop: Loop, event: LoopEvent, at: number): Loop | null => {
  switch (event.type) {
    case "loop.prepared": {
      const { path, branch, base } = event
      const isSetUp = loop.spec.git?.setup === null
      const place = { path, branch, base, head: base, isSetUp }
      const next = { ...loop, progress: { ...loop.progress, place } }
      return withStep(next, isSetUp ? firstStep(next, at) : { kind: "setup", taskId: null })
    }
    case "loop.setup.started":
      return withStep(loop, { kind: "setup", taskId: event.taskId })
    case "loop.setup.completed": {
      const { place } = loop.progress
      const next =
        place === null
          ? loop
          : { ...loop, progress: { ...loop.progress, place: { ...place, isSetUp: true } } }
      return withStep(next, firstStep(next, at))
    }
    case "loop.iteration.started": {
      const { number, id } = event
      return withStep(loop, { kind: "working", current: { number, id, startedAt: at } })
    }
    case "loop.iteration.worked":
      return worked(loop, event, at)
    case "loop.iteration.saved":
      return withWorked(loop, "unevaluated", (its) => ({
        ...its,
        commit: event.commit,
        changed: event.changed
      }))
    default:
      return null
  }
}

const evaluate = (loop: Loop, event: LoopEvent, at: number): Loop | null => {
  const step = stepOf(loop)
  switch (event.type) {
    case "loop.evaluation.started":
      return step !== null && "worked" in step
        ? withStep(loop, {
            kind: "evaluating",
            taskId: event.taskId,
            worked: {
              ...step.worked,
              evaluationIds: [...step.worked.evaluationIds, event.taskId]
            }
          })
        : loop
    case "loop.evaluation.scored":
      return withWorked(loop, "unevaluated", (its) => ({
        ...its,
        scores: [...its.scores, event.score],
        evaluationCostUsd: its.evaluationCostUsd + (event.costUsd ?? 0)
      }))
    case "loop.iteration.evaluated":
      return evaluated(loop, event, at)
    case "loop.settled": {
      const { place } = loop.progress
      const next =
        place === null
          ? loop
          : { ...loop, progress: { ...loop.progress, place: { ...place, head: event.head } } }
      return withStep(next, nextStep(next, at))
    }
    case "loop.waiting": {
      const { until, cause, message } = event
      return withStep(loop, { kind: "waiting", until, cause, message })
    }
    case "loop.continued":
      return withStep(loop, { kind: "ready" })
    default:
      return null
  }
}

/** Nobody who resumes a loop wants to wait for what it waited for when it was paused. */
const resumedStep = (step: Step): Step => (step.kind === "waiting" ? { kind: "ready" } : step)

const goalOf = ({ state }: Loop, { at, actor }: Occasion) => ({
  endedAt: at,
  by: state.status === "stopping" ? state.by : actor
})

const stateAfter = (loop: Loop, event: LoopEvent, occasion: Occasion): LoopState => {
  const { state } = loop
  const { at, actor } = occasion
  const step: Step = stepOf(loop) ?? { kind: "ready" }
  switch (event.type) {
    case "loop.pausing":
      return { status: "pausing", step, force: event.force, by: actor, reason: event.reason }
    case "loop.paused": {
      const by = state.status === "pausing" ? state.by : actor
      return { status: "paused", since: at, step, by, reason: event.reason }
    }
    case "loop.resumed":
      return { status: "running", step: resumedStep(step) }
    case "loop.stopping":
      return { status: "stopping", step, goal: event.goal, by: actor }
    case "loop.completed":
      return { status: "completed", endedAt: at, reason: event.reason }
    case "loop.failed":
      return { status: "failed", endedAt: at, reason: event.reason }
    case "loop.cancelled":
      return { status: "cancelled", ...goalOf(loop, occasion), reason: event.reason }
    default:
      return state
  }
}

const cleaned = (loop: Loop): Loop => {
  const { place } = loop.progress
  return place === null
    ? loop
    : { ...loop, progress: { ...loop.progress, place: { ...place, path: null } } }
}

/** The loop after the event. */
export const evolve = (loop: Loop, event: LoopEvent, occasion: Occasion): Loop => {
  const { at } = occasion
  if (event.type === "loop.created") return created(loop.id, event, at)
  if (event.type === "loop.cleaned") return cleaned(loop)
  const advanced = advance(loop, event, at) ?? evaluate(loop, event, at)
  if (advanced !== null) return advanced
  const { state } = loop
  const pausedMs =
    event.type === "loop.resumed" && state.status === "paused" ? Math.max(0, at - state.since) : 0
  return {
    ...loop,
    state: stateAfter(loop, event, occasion),
    progress: { ...loop.progress, pausedMs: loop.progress.pausedMs + pausedMs }
  }
}
