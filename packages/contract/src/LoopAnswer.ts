/** A loop as callers see it. Times are ISO 8601 in UTC with milliseconds, durations milliseconds. */
import { IterationResult } from "@backbeat/core/loop/Iteration"
import { LoopStatus } from "@backbeat/core/loop/Loop"
import { Actor } from "@backbeat/core/history/Actor"
import * as Schema from "effect/Schema"
import { about, optional } from "./fields.ts"

/** The evaluation of an iteration. */
const EvaluationAnswer = Schema.Struct({
  taskId: about(Schema.String, "the task that evaluated it: logs takes its id"),
  taskIds: optional(Schema.Array(Schema.String), "with evalRepeats: all of them"),
  exitCode: optional(Schema.Int, "when it ended by exiting"),
  signal: optional(Schema.String, "when a signal ended it"),
  durationMs: Schema.optionalKey(Schema.Finite),
  stdoutPath: Schema.optionalKey(Schema.String),
  stderrPath: Schema.optionalKey(Schema.String),
  lastLines: optional(Schema.Array(Schema.String), "the last lines of its output")
})

/** One iteration. Number 0 is the evaluation of the untouched start. */
export const IterationAnswer = Schema.Struct({
  number: Schema.Int,
  result: IterationResult.annotate({
    description:
      "pass or fail with retry; keep or discard with optimize; crash: the work failed, or its evaluation could not tell; stopped: a caller stopped it"
  }),
  reason: optional(Schema.String, "why, where the result does not say it"),
  score: Schema.optionalKey(Schema.Finite),
  scores: optional(Schema.Array(Schema.Finite), "with evalRepeats: the score of each repeat"),
  taskId: Schema.optionalKey(Schema.String),
  pipelineId: Schema.optionalKey(Schema.String),
  changed: optional(
    Schema.Boolean,
    "whether it changed the content of tracked files; absent where that is not known"
  ),
  commit: optional(Schema.String, "its changes as a commit, with git"),
  evaluation: Schema.optionalKey(EvaluationAnswer),
  costUsd: Schema.optionalKey(Schema.Finite),
  startedAt: Schema.String,
  endedAt: Schema.String
})
export type IterationAnswer = typeof IterationAnswer.Type

const brief = {
  id: Schema.String,
  title: optional(Schema.String, "its title, when it has one"),
  status: LoopStatus,
  strategy: Schema.Literals(["retry", "optimize"]),
  iterations: about(Schema.Int, "how many iterations are over"),
  maxIterations: optional(Schema.Int, "at most so many; absent without this limit"),
  lastResult: optional(IterationResult, "what the last iteration came to"),
  bestScore: optional(Schema.Finite, "the best score so far"),
  bestIteration: optional(Schema.Int, "the iteration with this score"),
  reason: optional(Schema.String, "why it ended or is paused, where that is not a pass"),
  isPipeline: optional(Schema.Boolean, "whether each iteration is a pipeline"),
  stepCount: optional(Schema.Int, "how many steps that has"),
  createdAt: Schema.String,
  endedAt: Schema.optionalKey(Schema.String),
  durationMs: optional(Schema.Finite, "from its creation to its end, once it has ended"),
  costUsd: optional(Schema.Finite, "what its agents have cost so far")
}

/** A loop in a list. */
export const BriefLoop = Schema.Struct(brief)
export type BriefLoop = typeof BriefLoop.Type

/** What a loop waits for. */
const LoopWaits = Schema.Struct({
  for: Schema.Literals([
    "worktree",
    "setup",
    "iteration",
    "evaluation",
    "cooldown",
    "usageLimit",
    "refused",
    "resume"
  ]),
  id: optional(Schema.String, "the task or pipeline that it waits for"),
  number: optional(Schema.Int, "the iteration"),
  until: optional(Schema.String, "the instant at which it continues"),
  message: optional(Schema.String, "what was refused")
})

/** The worktree of a loop. */
const LoopGitAnswer = Schema.Struct({
  branch: Schema.String,
  commit: about(Schema.String, "the commit of the best iteration, or from which the next starts"),
  base: about(Schema.String, "the commit at which the loop began"),
  path: optional(Schema.String, "where the worktree is; absent once it was removed")
})

/** A loop by itself. */
export const LoopAnswer = Schema.Struct({
  ...brief,
  waitsFor: optional(LoopWaits, "what it waits for, until it has ended"),
  unchangedInRow: optional(
    Schema.Int,
    "so many iterations in a row changed no tracked file; from three on"
  ),
  git: optional(LoopGitAnswer, "with git: its branch, and the best commit on it"),
  stopped: optional(
    Schema.Struct({ by: Actor, reason: optional(Schema.String, "the reason that was given") }),
    "who paused or cancelled it"
  ),
  history: optional(Schema.Array(IterationAnswer), "with history: the iterations, newest first"),
  next: optional(Schema.Int, "with history: the value of `before` for earlier iterations"),
  specification: optional(Schema.JsonObject, "with full: everything that was asked, with defaults")
})
export type LoopAnswer = typeof LoopAnswer.Type
