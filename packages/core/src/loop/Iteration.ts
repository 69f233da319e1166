/** One iteration of a loop: what ran, how it was evaluated, and what that came to. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"

/**
 * What an iteration came to. `crash`: the work failed, or its evaluation could not tell. `stopped`: somebody stopped it, so it was not
 * evaluated.
 */
export const IterationResult = Schema.Literals([
  "pass",
  "fail",
  "keep",
  "discard",
  "crash",
  "stopped"
])
export type IterationResult = typeof IterationResult.Type

/** What is known of the evaluation of an iteration: of several repeats, of the last one. */
export const IterationEvaluation = Schema.Struct({
  taskIds: Schema.Array(Schema.String),
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  durationMs: Schema.NullOr(Schema.Finite),
  lastLines: Schema.Array(Schema.String)
})
export type IterationEvaluation = typeof IterationEvaluation.Type

/** An iteration that is over. Number 0 is the evaluation of the untouched start. */
export const Iteration = Schema.Struct({
  number: Schema.Int,
  result: IterationResult,
  reason: Schema.NullOr(Schema.String),
  score: Schema.NullOr(Schema.Finite),
  /** The score of each repeat; `score` is their median. */
  scores: Schema.Array(Schema.Finite),
  taskId: Schema.NullOr(Schema.String),
  pipelineId: Schema.NullOr(Schema.String),
  /** Whether the content of tracked files is another than before it; null where that is not known. */
  changed: Schema.NullOr(Schema.Boolean),
  commit: Schema.NullOr(Schema.String),
  evaluation: Schema.NullOr(IterationEvaluation),
  costUsd: Schema.NullOr(Schema.Finite),
  startedAt: Instant,
  endedAt: Instant
})
export type Iteration = typeof Iteration.Type

/** How the work of an iteration ended, as far as its loop has to know it. */
export const WorkEnd = Schema.Struct({
  how: Schema.Literals(["completed", "failed", "stopped", "limited"]),
  /** What happened to it, for people: goes behind "it". */
  message: Schema.NullOr(Schema.String),
  costUsd: Schema.NullOr(Schema.Finite),
  /** Names the content of the work tree that it left; null where that is not known. */
  tree: Schema.NullOr(Schema.String),
  /** Whether it was an agent that ended without a text and without having used anything. */
  isEmpty: Schema.Boolean,
  /** When the usage limit that it met ends; null where that was not told. */
  limitedUntil: Schema.NullOr(Instant)
})
export type WorkEnd = typeof WorkEnd.Type

/** An iteration under way. */
export const Current = Schema.Struct({
  number: Schema.Int,
  /** The id of its task or pipeline; null for the evaluation of the untouched start. */
  id: Schema.NullOr(Schema.String),
  startedAt: Instant
})
export type Current = typeof Current.Type

/** What is known of an iteration whose work is over. */
export const Worked = Schema.Struct({
  ...Current.fields,
  work: Schema.NullOr(WorkEnd),
  changed: Schema.NullOr(Schema.Boolean),
  commit: Schema.NullOr(Schema.String),
  /** Those of the repeats of its evaluation so far. */
  scores: Schema.Array(Schema.Finite),
  evaluationIds: Schema.Array(Schema.String),
  evaluationCostUsd: Schema.Finite
})
export type Worked = typeof Worked.Type
