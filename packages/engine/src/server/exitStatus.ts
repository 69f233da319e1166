/** The exit code with --exit-status: the one a shell would have seen from the task itself. */
import { exitStatuses } from "@backbeat/contract/Envelope"
import type { Failure } from "@backbeat/core/task/Failure"
import { Failure as FailureSchema } from "@backbeat/core/task/Failure"
import { TaskStatus } from "@backbeat/core/task/TaskState"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { constants } from "node:os"

const signalNumbers = new Map<string, number>(Object.entries(constants.signals))

const ofFailure = (failure: Failure): number => {
  switch (failure.type) {
    case "ExitedNonZero":
      return failure.exitCode
    case "Signalled":
      return exitStatuses.signalBase + (signalNumbers.get(failure.signal) ?? 0)
    case "NotSpawned":
      return exitStatuses.notSpawned
    case "TimedOut":
    case "StalledOutput":
    case "NotReady":
      return exitStatuses.stopped
    default:
      return exitStatuses.failed
  }
}

/** The fields of an answer that determine the exit code. */
const EndedAnswer = Schema.Struct({
  outcome: Schema.optionalKey(Schema.String),
  neverReady: Schema.optionalKey(Schema.Boolean),
  task: Schema.optionalKey(
    Schema.Struct({
      status: TaskStatus,
      exitCode: Schema.NullOr(Schema.Int),
      failure: Schema.NullOr(FailureSchema)
    })
  )
})
const decode = Schema.decodeUnknownOption(EndedAnswer)

/**
 * The exit code for the complete data of an answer that waited. A task that is ready and still runs
 * is a success; a task that ended before it was ready is a failure.
 */
export const exitStatusOf = (data: unknown): number => {
  const { outcome, task, neverReady } = Option.getOrElse(
    decode(data),
    (): typeof EndedAnswer.Type => ({})
  )
  if (task === undefined)
    return outcome === "succeeded" || outcome === undefined ? 0 : exitStatuses.failed
  if (task.status === "cancelled") return exitStatuses.stopped
  if (task.status === "failed" && task.failure !== null) return ofFailure(task.failure)
  const exitCode = task.status === "completed" ? (task.exitCode ?? 0) : 0
  return exitCode === 0 && neverReady === true ? exitStatuses.failed : exitCode
}
