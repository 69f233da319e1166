/** Decides which events a command causes. No other code changes the status of a pipeline. */
import * as Result from "effect/Result"
import { isAccepted } from "./accepts.ts"
import type { Pipeline, PipelineStatus } from "./Pipeline.ts"
import type { PipelineCommand } from "./PipelineCommand.ts"
import type { PipelineEvent } from "./PipelineEvent.ts"

/** The error of a command to a pipeline that has ended. */
export interface PipelineEnded {
  readonly _tag: "PipelineEnded"
  readonly id: string
  readonly status: PipelineStatus
}

/**
 * Decides `command`. Fails with PipelineEnded if the pipeline has ended; only a restart does not. A
 * second cancellation changes nothing.
 */
export const decide = (
  command: PipelineCommand,
  { id, state }: Pipeline
): Result.Result<ReadonlyArray<PipelineEvent>, PipelineEnded> => {
  if (!isAccepted(state.status, command.type))
    return Result.fail({ _tag: "PipelineEnded", id, status: state.status })
  if (command.type === "Restart")
    return Result.succeed(
      state.status === "running" ? [] : [{ type: "pipeline.restarted", reason: command.reason }]
    )
  const cancelling = state.status === "running" ? state.cancelling : null
  if (command.type === "Cancel") {
    return Result.succeed(
      cancelling === null ? [{ type: "pipeline.cancelling", reason: command.reason }] : []
    )
  }
  if (cancelling !== null)
    return Result.succeed([{ type: "pipeline.cancelled", reason: cancelling.reason }])
  return Result.succeed([
    command.failed === null
      ? { type: "pipeline.completed" }
      : { type: "pipeline.failed", taskId: command.failed }
  ])
}
