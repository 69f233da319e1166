/** The end of one attempt, as far as it is known. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { AgentOutcome } from "./AgentOutcome.ts"
import type { Failure } from "./Failure.ts"
import { GitState } from "./GitState.ts"

/** How the process of an attempt ended. */
export const Outcome = Schema.Union([
  Schema.Struct({ kind: Schema.tag("exited"), exitCode: Schema.Int }),
  Schema.Struct({ kind: Schema.tag("signalled"), signal: Schema.String }),
  Schema.Struct({ kind: Schema.tag("notSpawned"), message: Schema.String }),
  Schema.Struct({ kind: Schema.tag("lost"), evidence: Schema.String })
])
export type Outcome = typeof Outcome.Type

/**
 * The end of an attempt. `endedAt` is epoch milliseconds. `cpuMs` is the CPU time of the command
 * and of the children that it waited for. `stopped` has the processes that a stop ended: the first
 * ten as `<pid> <command>`, and their number. For an agent, `agent` is its outcome and `git` the
 * work tree that it left.
 */
export const AttemptEnd = Schema.Struct({
  outcome: Outcome,
  endedAt: Instant,
  cpuMs: Schema.NullOr(Schema.Finite),
  /**
   * How long the attempt lasted (ms), if `endedAt` is unreliable: the wall clock was set meanwhile,
   * or the machine slept.
   */
  lastedMs: Schema.optionalKey(Schema.Int),
  stopped: Schema.optionalKey(
    Schema.Struct({
      ended: Schema.Array(Schema.String),
      endedCount: Schema.Int,
      /** The TCP ports on which they listened and which no other process kept open. */
      freedPorts: Schema.optionalKey(Schema.Array(Schema.Int))
    })
  ),
  agent: Schema.optionalKey(AgentOutcome),
  git: Schema.optionalKey(GitState)
})
export type AttemptEnd = typeof AttemptEnd.Type

/**
 * The failure that an agent reported, or null for success, however its process ended afterwards.
 */
export const reportedFailure = (
  end: AttemptEnd,
  successExitCodes: ReadonlyArray<number>
): Failure | null => {
  if (end.agent === undefined) return failureOf(end, successExitCodes)
  const { result, trouble } = end.agent
  if (trouble !== null) return { type: "AgentError", ...trouble }
  return result.isError ? failureOf(end, successExitCodes) : null
}

/**
 * The failure of an attempt, or null for success. The result of an agent has precedence over its
 * exit code.
 */
export const failureOf = (
  { outcome, agent }: AttemptEnd,
  successExitCodes: ReadonlyArray<number>
): Failure | null => {
  switch (outcome.kind) {
    case "exited":
      if (agent !== undefined && agent.trouble !== null)
        return { type: "AgentError", ...agent.trouble }
      return successExitCodes.includes(outcome.exitCode)
        ? null
        : { type: "ExitedNonZero", exitCode: outcome.exitCode }
    case "signalled":
      return { type: "Signalled", signal: outcome.signal }
    case "notSpawned":
      return { type: "NotSpawned", message: outcome.message }
    case "lost":
      return { type: "Lost", evidence: outcome.evidence }
  }
}
