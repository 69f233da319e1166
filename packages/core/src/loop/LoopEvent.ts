/** What has happened to a loop. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Owner } from "../identity/Owner.ts"
import { Iteration, WorkEnd } from "./Iteration.ts"
import { Goal } from "./Loop.ts"
import { LoopSpec } from "./LoopSpec.ts"

const reason = { reason: Schema.NullOr(Schema.String) }

/** One thing that happened to a loop. */
export const LoopEvent = Schema.Union([
  Schema.Struct({
    type: Schema.tag("loop.created"),
    loop: LoopSpec,
    owner: Owner,
    /** The content of the work tree before it. */
    tree: Schema.NullOr(Schema.String)
  }),
  /** Its worktree was made. */
  Schema.Struct({
    type: Schema.tag("loop.prepared"),
    path: Schema.String,
    branch: Schema.String,
    base: Schema.String
  }),
  Schema.Struct({ type: Schema.tag("loop.setup.started"), taskId: Schema.String }),
  Schema.Struct({ type: Schema.tag("loop.setup.completed") }),
  /** `id` is that of a task or a pipeline. */
  Schema.Struct({
    type: Schema.tag("loop.iteration.started"),
    number: Schema.Int,
    id: Schema.String
  }),
  /** Its task or pipeline ended. */
  Schema.Struct({
    type: Schema.tag("loop.iteration.worked"),
    number: Schema.Int,
    work: WorkEnd
  }),
  /** What an iteration changed is a commit. */
  Schema.Struct({
    type: Schema.tag("loop.iteration.saved"),
    number: Schema.Int,
    commit: Schema.String,
    changed: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.tag("loop.evaluation.started"),
    number: Schema.Int,
    taskId: Schema.String
  }),
  /** One of several evaluations gave a score. */
  Schema.Struct({
    type: Schema.tag("loop.evaluation.scored"),
    number: Schema.Int,
    score: Schema.Finite,
    costUsd: Schema.NullOr(Schema.Finite)
  }),
  /** An iteration is over. */
  Schema.Struct({ type: Schema.tag("loop.iteration.evaluated"), iteration: Iteration }),
  /** The worktree is at the commit from which the next iteration starts. */
  Schema.Struct({ type: Schema.tag("loop.settled"), head: Schema.String }),
  /** It goes on at an instant: the agent has met its usage limit, or what was to be started was refused. */
  Schema.Struct({
    type: Schema.tag("loop.waiting"),
    until: Instant,
    cause: Schema.Literals(["usageLimit", "refused"]),
    message: Schema.NullOr(Schema.String)
  }),
  /** What it waited for has come. */
  Schema.Struct({ type: Schema.tag("loop.continued") }),
  Schema.Struct({ type: Schema.tag("loop.pausing"), force: Schema.Boolean, ...reason }),
  Schema.Struct({ type: Schema.tag("loop.paused"), ...reason }),
  Schema.Struct({ type: Schema.tag("loop.resumed") }),
  Schema.Struct({ type: Schema.tag("loop.stopping"), goal: Goal }),
  Schema.Struct({ type: Schema.tag("loop.completed"), ...reason }),
  Schema.Struct({ type: Schema.tag("loop.failed"), ...reason }),
  Schema.Struct({ type: Schema.tag("loop.cancelled"), ...reason }),
  /** What it had made beside its tasks was removed. */
  Schema.Struct({ type: Schema.tag("loop.cleaned") })
])
export type LoopEvent = typeof LoopEvent.Type
