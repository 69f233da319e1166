/** The ways in which an attempt can fail. */
import * as Schema from "effect/Schema"
import { AgentFailure } from "./AgentOutcome.ts"

/** Ended with an exit code that is not one of `successExitCodes`. */
export const ExitedNonZero = Schema.Struct({
  type: Schema.tag("ExitedNonZero"),
  exitCode: Schema.Int
})
/** Ended by a signal, such as `SIGKILL`. */
export const Signalled = Schema.Struct({ type: Schema.tag("Signalled"), signal: Schema.String })
/** Never ran: the command or its directory is missing, or it cannot be executed. */
export const NotSpawned = Schema.Struct({ type: Schema.tag("NotSpawned"), message: Schema.String })
/** Ran longer than `timeout` milliseconds; `from` names the source of the limit, if it is not the task. */
export const TimedOut = Schema.Struct({
  type: Schema.tag("TimedOut"),
  timeout: Schema.Int,
  from: Schema.optionalKey(Schema.String)
})
/** Wrote nothing for `stallTimeout` milliseconds. */
export const StalledOutput = Schema.Struct({
  type: Schema.tag("StalledOutput"),
  stallTimeout: Schema.Int
})
/**
 * A dependency did not end as required. `taskId` is the root cause, `through` the direct dependency
 * if that is another task.
 */
export const DependencyFailed = Schema.Struct({
  type: Schema.tag("DependencyFailed"),
  taskId: Schema.String,
  through: Schema.optionalKey(Schema.String)
})
/** The agent ended with an error, whatever its exit code. */
export const AgentError = Schema.Struct({ type: Schema.tag("AgentError"), ...AgentFailure.fields })
/** Its probe did not succeed in time, or failed too often. */
export const NotReady = Schema.Struct({
  type: Schema.tag("NotReady"),
  probe: Schema.String,
  output: Schema.String,
  /**
   * The time that it had, in milliseconds; `from` names the source of the limit, if it is not the
   * task.
   */
  withinMs: Schema.optionalKey(Schema.Int),
  from: Schema.optionalKey(Schema.String)
})
/** The end is unknown; `evidence` has the known facts. */
export const Lost = Schema.Struct({ type: Schema.tag("Lost"), evidence: Schema.String })

/** Why an attempt failed. */
export const Failure = Schema.Union([
  ExitedNonZero,
  Signalled,
  NotSpawned,
  TimedOut,
  StalledOutput,
  DependencyFailed,
  AgentError,
  NotReady,
  Lost
])
export type Failure = typeof Failure.Type

const within = ({ withinMs, from }: typeof NotReady.Type): string => {
  if (withinMs === undefined) return ""
  return ` within ${withinMs} ms (startupTimeoutMs${from === undefined ? "" : `, ${from}`})`
}

/** The failure for people, as a sentence that begins with "it". */
export const describeFailure = (failure: Failure): string => {
  switch (failure.type) {
    case "ExitedNonZero":
      return `exited with code ${failure.exitCode}`
    case "Signalled":
      return `was killed by ${failure.signal}`
    case "NotSpawned":
      return `could not be started: ${failure.message}`
    case "TimedOut":
      return `timed out after ${failure.timeout} ms${failure.from === undefined ? "" : ` (set by ${failure.from})`}`
    case "StalledOutput":
      return `wrote nothing for ${failure.stallTimeout} ms (its stallTimeoutMs)`
    case "DependencyFailed":
      return `depends on ${failure.taskId}, whose end did not meet the condition`
    case "AgentError":
      return `failed with an agent error: ${failure.message}`
    case "NotReady":
      return `was not ready${within(failure)}: ${failure.probe}: ${failure.output}`
    case "Lost":
      return `was lost: ${failure.evidence}`
  }
}
