/** The parsed result of an agent, which its exit code may contradict. */
import * as Schema from "effect/Schema"
import { PermissionMode, Usage } from "./AgentWork.ts"

/**
 * Why an agent failed: `auth` (not logged in, invalid key), `rate_limit` (too many requests, no
 * quota left), `limit` (its maximum of turns or cost), `no_result` (it ended without a result),
 * `error` (other).
 */
export const AgentErrorKind = Schema.Literals(["auth", "rate_limit", "limit", "no_result", "error"])
export type AgentErrorKind = typeof AgentErrorKind.Type

/** Why an agent failed, and what to do about it. */
export const AgentFailure = Schema.Struct({
  kind: AgentErrorKind,
  message: Schema.String,
  hint: Schema.String
})
export type AgentFailure = typeof AgentFailure.Type

/**
 * A tool call that the agent's permissions denied. `what` is its most specific argument, such as a
 * command or a path.
 */
export const Denied = Schema.Struct({ tool: Schema.String, what: Schema.String })
export type Denied = typeof Denied.Type

/**
 * The permission mode that would have allowed the denied calls, as a field of `resume` or `start`.
 */
export const Allowing = Schema.Struct({ permissionMode: PermissionMode })

/**
 * The result of an agent. `costUsd`, the tokens and `turns` are of this attempt alone, null if the
 * agent does not report them. `text` is its last message, `structured` its answer to an output
 * schema. `denied` has the first ten tool calls that its permissions denied, `deniedMore` how many
 * followed, and `allowedBy` the mode that would allow them.
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

/**
 * The result of an agent, the usage of its session since that began, and its failure, null on
 * success.
 */
export const AgentOutcome = Schema.Struct({
  result: AgentResult,
  used: Usage,
  trouble: Schema.NullOr(AgentFailure)
})
export type AgentOutcome = typeof AgentOutcome.Type
