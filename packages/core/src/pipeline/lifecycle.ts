/** The lifecycle of a pipeline, for docs/lifecycle.md. */
import type { Lifecycle } from "../history/printLifecycle.ts"
import { accepts } from "./accepts.ts"
import type { PipelineCommand } from "./PipelineCommand.ts"
import type { PipelineStatus } from "./Pipeline.ts"

/** The statuses and commands of a pipeline, with their meanings. */
export const pipelineLifecycle: Lifecycle<PipelineStatus, PipelineCommand["type"]> = {
  statuses: {
    running: "Some of its tasks have not ended. `cancelled` says who requested a cancellation.",
    completed: "All of its tasks have ended, and none makes it fail.",
    failed: "One of its tasks failed, or was cancelled without a cancellation of the pipeline.",
    cancelled: "A caller cancelled it, and all of its tasks have ended."
  },
  commands: {
    Cancel:
      "A caller cancels it: its tasks are stopped or cancelled. A second cancellation changes nothing.",
    Restart: "A caller runs some of its tasks again. While it runs this changes nothing.",
    Conclude:
      "The last of its tasks has ended. The command names the first task that makes it fail."
  },
  accepts,
  created: { running: "created" },
  final: ["completed", "failed", "cancelled"]
}
