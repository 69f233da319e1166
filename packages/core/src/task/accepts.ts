/** Which status accepts which command, as data: `decide`, the tests and docs/lifecycle.md all read this table. */
import type { TaskCommand } from "./TaskCommand.ts"
import type { TaskStatus } from "./TaskState.ts"

/** For each status, the accepted commands and the statuses to which each can lead. */
export const accepts = {
  blocked: {
    Release: ["queued"],
    Withdraw: ["cancelled", "stopping"],
    Stop: ["cancelled", "stopping"]
  },
  queued: { Open: ["running"], EndDelay: ["queued"], Stop: ["cancelled", "stopping"] },
  running: {
    ReportReady: ["running"],
    ReportUnhealthy: ["running"],
    Stop: ["stopping"],
    Limit: ["stopping"],
    Finish: ["stopping"],
    Restart: ["stopping"],
    Postpone: ["queued", "failed"],
    End: ["completed", "failed", "retrying"]
  },
  stopping: { Stop: ["stopping"], End: ["cancelled", "queued", "completed", "failed", "retrying"] },
  retrying: { Retry: ["queued"], Stop: ["cancelled", "stopping"], Restart: ["queued", "blocked"] },
  completed: { Restart: ["queued", "blocked"] },
  failed: { Restart: ["queued", "blocked"] },
  cancelled: { Restart: ["queued", "blocked"] }
} as const satisfies Record<
  TaskStatus,
  { readonly [command in TaskCommand["type"]]?: ReadonlyArray<TaskStatus> }
>

/** Whether a task in this status accepts the command. */
export const isAccepted = (status: TaskStatus, command: TaskCommand["type"]): boolean =>
  Object.hasOwn(accepts[status], command)
