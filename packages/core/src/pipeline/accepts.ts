/**
 * Which status of a pipeline accepts which command, as data. `decide`, the tests and
 * docs/lifecycle.md read this table.
 */
import type { PipelineCommand } from "./PipelineCommand.ts"
import type { PipelineStatus } from "./Pipeline.ts"

/** For each status, the accepted commands and the statuses to which each can lead. */
export const accepts = {
  running: {
    Cancel: ["running"],
    Restart: ["running"],
    Conclude: ["completed", "failed", "cancelled"]
  },
  completed: { Restart: ["running"] },
  failed: { Restart: ["running"] },
  cancelled: { Restart: ["running"] }
} as const satisfies Record<
  PipelineStatus,
  { readonly [command in PipelineCommand["type"]]?: ReadonlyArray<PipelineStatus> }
>

/** Whether a pipeline in this status accepts the command. */
export const isAccepted = (status: PipelineStatus, command: PipelineCommand["type"]): boolean =>
  Object.hasOwn(accepts[status], command)
