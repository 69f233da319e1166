/** What a loop is asked to do. Times in milliseconds. A bound that is 0 or null does not hold. */
import * as Schema from "effect/Schema"
import { ProcessLimits } from "../task/TaskSpec.ts"

/** What each iteration starts: the payload of `start`, or that of `pipeline create`. Without variables: those are not stored here. */
const LoopWork = Schema.Struct({
  kind: Schema.Literals(["task", "pipeline"]),
  payload: Schema.JsonObject
})

/** What decides about an iteration: a shell command, or an agent. */
const Evaluation = Schema.Union([
  Schema.Struct({ kind: Schema.tag("command"), command: Schema.String }),
  Schema.Struct({
    kind: Schema.tag("judge"),
    prompt: Schema.String,
    agent: Schema.NullOr(Schema.String),
    model: Schema.NullOr(Schema.String)
  })
])
export type Evaluation = typeof Evaluation.Type

/** Which score is better. */
export const Direction = Schema.Literals(["minimize", "maximize"])
export type Direction = typeof Direction.Type

/** `retry` ends with the first evaluation that passes, `optimize` looks for the best score. */
const Strategy = Schema.Union([
  Schema.Struct({ kind: Schema.tag("retry") }),
  Schema.Struct({
    kind: Schema.tag("optimize"),
    direction: Direction,
    targetScore: Schema.NullOr(Schema.Finite),
    minImprovement: Schema.Finite,
    evalRepeats: Schema.Int,
    baseline: Schema.Boolean,
    patience: Schema.Int
  })
])
export type Strategy = typeof Strategy.Type

/** The worktree of a loop. `repository` is the folder of the caller's worktree, `base` the commit to start from. */
export const LoopGit = Schema.Struct({
  repository: Schema.String,
  base: Schema.String,
  branch: Schema.String,
  /** Where in the worktree the loop works: what the caller's folder was in its own. */
  prefix: Schema.String,
  setup: Schema.NullOr(Schema.String),
  copy: Schema.Array(Schema.String),
  protect: Schema.Array(Schema.String)
})
export type LoopGit = typeof LoopGit.Type

/** The decoded specification of a loop, defaults filled in. */
export const LoopSpec = Schema.Struct({
  title: Schema.NullOr(Schema.String),
  work: LoopWork,
  strategy: Strategy,
  evaluation: Evaluation,
  evalTimeout: Schema.Int,
  maxIterations: Schema.Int,
  /** How many crashes in a row end it. */
  maxConsecutiveFailures: Schema.Int,
  maxDurationMs: Schema.NullOr(Schema.Int),
  maxCostUsd: Schema.NullOr(Schema.Finite),
  cooldown: Schema.Int,
  freshContext: Schema.Boolean,
  feedback: Schema.Boolean,
  onUsageLimit: Schema.Literals(["wait", "fail"]),
  git: Schema.NullOr(LoopGit),
  cwd: Schema.String,
  umask: Schema.Int,
  processLimits: Schema.optionalKey(ProcessLimits)
})
export type LoopSpec = typeof LoopSpec.Type

/** Whether nothing but a pass, a target or a person ends it. */
export const isUnbounded = (spec: LoopSpec): boolean =>
  spec.maxIterations === 0 &&
  spec.maxDurationMs === null &&
  spec.maxCostUsd === null &&
  (spec.strategy.kind === "retry" || spec.strategy.patience === 0)
