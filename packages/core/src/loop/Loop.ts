/** A loop: work that is repeated until an evaluation is content with it. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Actor } from "../history/Actor.ts"
import { Owner } from "../identity/Owner.ts"
import { Current, IterationResult, Worked } from "./Iteration.ts"
import { LoopId } from "./LoopId.ts"
import { LoopSpec } from "./LoopSpec.ts"

/** What a loop that has not ended waits for. */
const Step = Schema.Union([
  /** For the engine to make its worktree. */
  Schema.Struct({ kind: Schema.tag("preparing") }),
  /** For the task that sets up the worktree; null until that is made. */
  Schema.Struct({ kind: Schema.tag("setup"), taskId: Schema.NullOr(Schema.String) }),
  /** For an instant. */
  Schema.Struct({
    kind: Schema.tag("waiting"),
    until: Instant,
    cause: Schema.Literals(["cooldown", "usageLimit", "refused"]),
    message: Schema.NullOr(Schema.String)
  }),
  /** For nothing: the commit that led here begins the next iteration. */
  Schema.Struct({ kind: Schema.tag("ready") }),
  /** For the task or the pipeline of an iteration. */
  Schema.Struct({ kind: Schema.tag("working"), current: Current }),
  /** For the engine to keep as a commit what an iteration has changed. */
  Schema.Struct({ kind: Schema.tag("saving"), worked: Worked }),
  /** For nothing: the commit that led here begins the evaluation. */
  Schema.Struct({ kind: Schema.tag("unevaluated"), worked: Worked }),
  /** For the evaluation of an iteration. */
  Schema.Struct({ kind: Schema.tag("evaluating"), worked: Worked, taskId: Schema.String }),
  /** For the engine to bring the worktree to the commit from which the next iteration starts. */
  Schema.Struct({ kind: Schema.tag("settling"), head: Schema.String, number: Schema.Int })
])
export type Step = typeof Step.Type

/** How a loop ends once nothing of it runs. */
export const Goal = Schema.Struct({
  status: Schema.Literals(["completed", "failed", "cancelled"]),
  reason: Schema.NullOr(Schema.String)
})
export type Goal = typeof Goal.Type

const by = { by: Actor, reason: Schema.NullOr(Schema.String) }
const ended = { endedAt: Instant, reason: Schema.NullOr(Schema.String) }

/** Its iterations follow one another. */
const Running = Schema.Struct({ status: Schema.tag("running"), step: Step })
/** Somebody paused it: the iteration under way ends before, with `force` by a stop. */
const Pausing = Schema.Struct({
  status: Schema.tag("pausing"),
  step: Step,
  force: Schema.Boolean,
  ...by
})
/** Begins no iteration until somebody resumes it. */
const Paused = Schema.Struct({ status: Schema.tag("paused"), since: Instant, step: Step, ...by })
/** It ends when what is under way has been stopped. */
const Stopping = Schema.Struct({
  status: Schema.tag("stopping"),
  step: Step,
  goal: Goal,
  by: Actor
})
const Completed = Schema.Struct({ status: Schema.tag("completed"), ...ended })
const Failed = Schema.Struct({ status: Schema.tag("failed"), ...ended })
const Cancelled = Schema.Struct({ status: Schema.tag("cancelled"), ...ended, by: Actor })

/** What a loop is now. */
export const LoopState = Schema.Union([
  Running,
  Pausing,
  Paused,
  Stopping,
  Completed,
  Failed,
  Cancelled
])
export type LoopState = typeof LoopState.Type

/** Every status, in the order of a life. */
export const loopStatuses = [
  "running",
  "pausing",
  "paused",
  "stopping",
  "completed",
  "failed",
  "cancelled"
] as const

/** The name of a state. */
export const LoopStatus = Schema.Literals(loopStatuses)
export type LoopStatus = typeof LoopStatus.Type

/** The best iteration so far. */
const Best = Schema.Struct({
  iteration: Schema.Int,
  score: Schema.Finite,
  commit: Schema.NullOr(Schema.String)
})

/** What the next iteration is told of the last one. */
const Last = Schema.Struct({
  number: Schema.Int,
  result: IterationResult,
  score: Schema.NullOr(Schema.Finite),
  reason: Schema.NullOr(Schema.String),
  workId: Schema.NullOr(Schema.String),
  evaluationId: Schema.NullOr(Schema.String),
  lastLines: Schema.Array(Schema.String)
})

/** Where a loop with a worktree works. */
export const Place = Schema.Struct({
  /** Null once the worktree was removed. */
  path: Schema.NullOr(Schema.String),
  branch: Schema.String,
  /** The commit at which it began. */
  base: Schema.String,
  /** The commit from which the next iteration starts. */
  head: Schema.String,
  isSetUp: Schema.Boolean
})
export type Place = typeof Place.Type

/** How far a loop has come. */
export const Progress = Schema.Struct({
  /** How many iterations are over: also the number of the last one. */
  iterations: Schema.Int,
  /** Whether the untouched start was evaluated, or need not be. */
  hasBaseline: Schema.Boolean,
  crashesInRow: Schema.Int,
  /** Iterations in a row that kept nothing. */
  discardsInRow: Schema.Int,
  /** Iterations in a row that changed nothing. */
  unchangedInRow: Schema.Int,
  costUsd: Schema.NullOr(Schema.Finite),
  /** How long it was paused. */
  pausedMs: Schema.Finite,
  best: Schema.NullOr(Best),
  last: Schema.NullOr(Last),
  /** Waits for a usage limit, one after the other, and when they began. */
  limited: Schema.NullOr(Schema.Struct({ count: Schema.Int, since: Instant })),
  /** The content of the work tree as the last iteration left it. */
  tree: Schema.NullOr(Schema.String),
  place: Schema.NullOr(Place)
})
export type Progress = typeof Progress.Type

/** A loop as it is stored. */
export const Loop = Schema.Struct({
  id: LoopId,
  spec: LoopSpec,
  owner: Owner,
  createdAt: Schema.Finite,
  state: LoopState,
  progress: Progress
})
export type Loop = typeof Loop.Type

/** What it waits for; null once it has ended. */
export const stepOf = ({ state }: Loop): Step | null => ("step" in state ? state.step : null)

/** Whether nothing can change it but what removes what it has left. */
export const hasLoopEnded = ({ status }: LoopState): boolean =>
  status === "completed" || status === "failed" || status === "cancelled"

/** When `maxDurationMs` is over (epoch ms); null while that does not count. */
export const deadlineOf = ({ spec, createdAt, state, progress }: Loop): number | null =>
  spec.maxDurationMs === null || (state.status !== "running" && state.status !== "pausing")
    ? null
    : createdAt + progress.pausedMs + spec.maxDurationMs

/** When something is to become of it by itself (epoch ms); null where nothing is. */
export const loopDueAt = (loop: Loop): number | null => {
  const deadline = deadlineOf(loop)
  const { state } = loop
  if (state.status !== "running" || state.step.kind !== "waiting") return deadline
  return deadline === null ? state.step.until : Math.min(state.step.until, deadline)
}
