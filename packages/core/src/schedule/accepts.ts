/** Which commands each status of a schedule accepts, and the statuses that they lead to. */
import type { ScheduleStatus } from "./Schedule.ts"
import type { ScheduleCommand } from "./ScheduleCommand.ts"

/** The table: what is missing here is refused. */
export const accepts = {
  active: {
    Update: ["active", "completed"],
    Pause: ["paused"],
    Cancel: ["cancelled"],
    Tick: ["active", "paused", "completed", "expired"],
    Trigger: ["active"],
    Release: ["active"],
    Recount: ["active"],
    Replace: ["active", "paused"]
  },
  paused: {
    Update: ["paused"],
    Pause: ["paused"],
    Resume: ["active", "completed", "expired"],
    Cancel: ["cancelled"],
    Trigger: ["paused"],
    Replace: ["active", "paused"]
  },
  completed: {
    Update: ["active", "completed"],
    Trigger: ["completed"],
    Replace: ["active", "paused"]
  },
  cancelled: { Replace: ["active", "paused"] },
  expired: {
    Update: ["active", "expired"],
    Trigger: ["expired"],
    Replace: ["active", "paused"]
  }
} as const satisfies Readonly<
  Record<
    ScheduleStatus,
    Readonly<Partial<Record<ScheduleCommand["type"], ReadonlyArray<ScheduleStatus>>>>
  >
>

/** Whether a status accepts a command. */
export const isAccepted = (status: ScheduleStatus, command: ScheduleCommand["type"]): boolean =>
  Object.hasOwn(accepts[status], command)
