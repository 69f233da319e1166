/** Which status of a loop accepts which command, as data: `decide`, the tests and docs/lifecycle.md all read this table. */
import type { LoopStatus } from "./Loop.ts"
import type { LoopCommand } from "./LoopCommand.ts"

const onward = ["running", "completed", "failed"] as const
const toPause = ["pausing", "paused", "completed", "failed"] as const
const toEnd = ["stopping", "completed", "failed", "cancelled"] as const

/** For each status the commands it accepts, and the statuses that each can lead to. */
export const accepts = {
  running: {
    EndPreparing: ["running", "failed"],
    BeginSetup: ["running"],
    EndSetup: ["running", "failed"],
    BeginIteration: ["running"],
    EndIteration: onward,
    Save: ["running"],
    BeginEvaluation: ["running"],
    EndEvaluation: onward,
    Settle: onward,
    Refuse: onward,
    GiveUp: ["failed"],
    Ring: ["running", "stopping", "completed", "failed"],
    Pause: ["pausing", "paused"],
    Cancel: ["stopping", "cancelled"]
  },
  pausing: {
    EndPreparing: ["paused", "failed"],
    EndSetup: ["paused", "failed"],
    EndIteration: toPause,
    Save: ["pausing"],
    BeginEvaluation: ["pausing"],
    EndEvaluation: toPause,
    Settle: toPause,
    Refuse: toPause,
    GiveUp: ["failed"],
    Ring: ["pausing", "stopping"],
    Pause: ["pausing"],
    Resume: ["running"],
    Cancel: ["stopping", "cancelled"]
  },
  paused: {
    GiveUp: ["failed"],
    Ring: ["paused"],
    Pause: ["paused"],
    Resume: ["running"],
    Cancel: ["cancelled"]
  },
  stopping: {
    EndPreparing: ["stopping", "failed", "cancelled"],
    EndSetup: ["stopping", "failed", "cancelled"],
    EndIteration: toEnd,
    Save: ["stopping"],
    EndEvaluation: toEnd,
    Settle: toEnd,
    GiveUp: ["failed", "cancelled"],
    Ring: ["stopping"],
    Cancel: ["stopping", "cancelled"]
  },
  completed: { Clean: ["completed"] },
  failed: { Clean: ["failed"] },
  cancelled: { Clean: ["cancelled"] }
} as const satisfies Record<
  LoopStatus,
  { readonly [command in LoopCommand["type"]]?: ReadonlyArray<LoopStatus> }
>

/** Whether a loop in this status accepts the command. */
export const isAccepted = (status: LoopStatus, command: LoopCommand["type"]): boolean =>
  Object.hasOwn(accepts[status], command)
