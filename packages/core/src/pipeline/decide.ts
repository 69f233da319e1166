/** Decides what a command does to a pipeline. The only place where one changes its status. */
import * as Result from "effect/Result"
import { isAccepted } from "./accepts.ts"
import type { Pipeline, PipelineStatus } from "./Pipeline.ts"
import type { PipelineCommand } from "./PipelineCommand.ts"
import type { PipelineEvent } from "./PipelineEvent.ts"

/** The refusal of a command: the pipeline has ended. */
export interface PipelineEnded {
  readonly _tag: "PipelineEnded"
  readonly id: string
  readonly status: PipelineStatus
}

/** Decides `command`. Fails with PipelineEnded, but for a restart. A cancellation that was asked for stays as it was. */
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
