/** What an agent said of its own work: the parsed result, which its exit code may contradict. */
import * as Schema from "effect/Schema"
import { PermissionMode, Usage } from "./AgentWork.ts"

/**
 * Why an agent did not do its work: `auth` (not logged in, key refused), `rate_limit` (too many requests, no quota left),
 * `limit` (its cap of turns or cost), `no_result` (it ended without saying a result), `error` (any other).
 */
export const AgentErrorKind = Schema.Literals(["auth", "rate_limit", "limit", "no_result", "error"])
export type AgentErrorKind = typeof AgentErrorKind.Type

/** What went wrong, and what to do about it. */
export const AgentTrouble = Schema.Struct({
  kind: AgentErrorKind,
  message: Schema.String,
  hint: Schema.String
})
export type AgentTrouble = typeof AgentTrouble.Type

/** A call of a tool that the agent's permissions refused: `what` is the argument that tells most, such as a command or a path. */
export const Denied = Schema.Struct({ tool: Schema.String, what: Schema.String })
export type Denied = typeof Denied.Type

/** The permission mode that would have allowed what was refused, as a field of `resume` or `start`. */
export const Allowing = Schema.Struct({ permissionMode: PermissionMode })

/**
 * The result of an agent. `costUsd`, the tokens and `turns` are of this attempt alone, null where the agent does not tell; `text`
 * is its last message; `structured` is what the output schema asked for. `denied` is there when its permissions refused something: the
 * first ten, and `deniedMore` when there were more; `allowedBy` is what would allow it.
 */
export const AgentResult = Schema.Struct({
  text: Schema.String,
  isError: Schema.Boolean,
  sessionId: Schema.NullOr(Schema.String),
  ...Usage.fields,
  turns: Schema.NullOr(Schema.Int),
  structured: Schema.NullOr(Schema.Json),
  denied: Schema.optionalKey(Schema.Array(Denied)),
  deniedMore: Schema.optionalKey(Schema.Int),
  allowedBy: Schema.optionalKey(Allowing)
})
export type AgentResult = typeof AgentResult.Type

/** An agent's result, what its session has used up since it began, and its trouble, null when all went well. */
export const AgentOutcome = Schema.Struct({
  result: AgentResult,
  used: Usage,
  trouble: Schema.NullOr(AgentTrouble)
})
export type AgentOutcome = typeof AgentOutcome.Type
