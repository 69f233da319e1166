/** What an agent is asked to do, in one vocabulary for all agents. */
import * as Schema from "effect/Schema"

/** What an agent may do: `plan` only reads, `edit` changes files below its directory, `full` is without any check. */
export const PermissionMode = Schema.Literals(["plan", "edit", "full"])
export type PermissionMode = typeof PermissionMode.Type

/** How long a model thinks before it answers. */
export const Effort = Schema.Literals(["minimal", "low", "medium", "high", "xhigh", "max"])
export type Effort = typeof Effort.Type

/** What a session of an agent has used up, as the agent itself counts: since the session began. Null where it does not tell. */
export const Usage = Schema.Struct({
  costUsd: Schema.NullOr(Schema.Finite),
  inputTokens: Schema.NullOr(Schema.Int),
  outputTokens: Schema.NullOr(Schema.Int)
})
export type Usage = typeof Usage.Type

/**
 * Where a prompt goes on: `resume` repeats the work of the task with what it left, `continue` takes up from what another
 * task left. `added` are the new instructions of a resumption.
 */
export const Predecessor = Schema.Struct({
  task: Schema.String,
  how: Schema.Literals(["resume", "continue"]),
  added: Schema.NullOr(Schema.String)
})
export type Predecessor = typeof Predecessor.Type

/** A session of the agent's own to go on with, and what it had used up before, null when that is not known. */
export const Session = Schema.Struct({ id: Schema.String, usedBefore: Schema.NullOr(Usage) })
export type Session = typeof Session.Type

/** A prompt for an agent. Null = what the agent does by itself; `maxCostUsd` is in US dollars, `outputSchema` a JSON Schema. */
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
