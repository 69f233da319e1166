/** Decides what a command does to a pipeline. The only place where one changes its status. */
import * as Result from "effect/Result"
import type { Pipeline, PipelineStatus } from "./Pipeline.ts"
import type { PipelineEvent } from "./PipelineEvent.ts"

/** An order for a pipeline that exists. */
export type PipelineCommand =
  /** Somebody wants it to end. */
  | { readonly type: "Cancel"; readonly reason: string | null }
  /** Some of its tasks are to run again: its end is decided anew. */
  | { readonly type: "Restart"; readonly reason: string | null }
  /** All of its tasks are final; `failed` is the first that did not end as it should. */
  | { readonly type: "Conclude"; readonly failed: string | null }

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
  if (command.type === "Restart")
    return Result.succeed(
      state.status === "running" ? [] : [{ type: "pipeline.restarted", reason: command.reason }]
    )
  if (state.status !== "running")
    return Result.fail({ _tag: "PipelineEnded", id, status: state.status })
  const { cancelling } = state
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
