/** The work of an agent, in the same terms for all agents. */
import * as Schema from "effect/Schema"

/**
 * What an agent may do: `plan` only reads, `edit` changes files in its directory, `full` checks
 * nothing.
 */
export const PermissionMode = Schema.Literals(["plan", "edit", "full"])
export type PermissionMode = typeof PermissionMode.Type

/** How long a model thinks before it answers. */
export const Effort = Schema.Literals(["minimal", "low", "medium", "high", "xhigh", "max"])
export type Effort = typeof Effort.Type

/**
 * What an agent's session has used since it began, as the agent counts. Null if it does not report
 * that.
 */
export const Usage = Schema.Struct({
  costUsd: Schema.NullOr(Schema.Finite),
  inputTokens: Schema.NullOr(Schema.Int),
  outputTokens: Schema.NullOr(Schema.Int)
})
export type Usage = typeof Usage.Type

/**
 * The task that a prompt continues: `resume` repeats the work of that task, `continue` does other
 * work with its result. `added` has the new instructions of a resumed task.
 */
export const Predecessor = Schema.Struct({
  task: Schema.String,
  how: Schema.Literals(["resume", "continue"]),
  added: Schema.NullOr(Schema.String)
})
export type Predecessor = typeof Predecessor.Type

/** An agent session to continue, and what it had used before; null if that is unknown. */
export const Session = Schema.Struct({ id: Schema.String, usedBefore: Schema.NullOr(Usage) })
export type Session = typeof Session.Type

/**
 * A prompt for an agent. A null field leaves the choice to the agent. `maxCostUsd` is in US
 * dollars, `outputSchema` a JSON Schema.
 */
export const AgentWork = Schema.Struct({
  kind: Schema.tag("prompt"),
  prompt: Schema.String,
  agent: Schema.String,
  model: Schema.NullOr(Schema.String),
  effort: Schema.NullOr(Effort),
  systemPrompt: Schema.NullOr(Schema.String),
  permissionMode: Schema.NullOr(PermissionMode),
  maxTurns: Schema.NullOr(Schema.Int),
  maxCostUsd: Schema.NullOr(Schema.Finite),
  outputSchema: Schema.NullOr(Schema.JsonObject),
  session: Schema.NullOr(Session),
  after: Schema.NullOr(Predecessor)
})
export type AgentWork = typeof AgentWork.Type
