/** The lifecycle of a schedule, for docs/lifecycle.md. */
import type { Lifecycle } from "../history/printLifecycle.ts"
import { accepts } from "./accepts.ts"
import type { ScheduleStatus } from "./Schedule.ts"
import type { ScheduleCommand } from "./ScheduleCommand.ts"

/** The statuses and commands of a schedule, with their meanings. */
export const scheduleLifecycle: Lifecycle<ScheduleStatus, ScheduleCommand["type"]> = {
  statuses: {
    active: "Its ticks fire. `waiting` is a tick that waits for a run to end.",
    paused: "Nothing fires until `resume`; `trigger` still works. `reason` says why.",
    completed: "No tick follows: it has fired `maxRuns` times, or its one time has come.",
    cancelled: "A caller ended it. Its history is kept.",
    expired: "Its `expiresAt` has come."
  },
  commands: {
    Update:
      "A caller changes it. An ended schedule is active again when the change gives it a tick.",
    Pause: "A caller pauses it. A tick that waits is skipped; what runs continues.",
    Resume: "A caller lets it fire again. The ticks that passed are recorded as skipped.",
    Cancel: "A caller ends it. A tick that waits is skipped.",
    Tick: "Something of it is due: a tick, a tick that waited, or its end.",
    Trigger: "A caller starts a run, which counts for no tick.",
    Release: "The run that a tick waits for has ended.",
    Recount: "The clock was set, or this engine is the first to look: ticks are counted again.",
    Replace: "A caller creates another schedule under its id."
  },
  accepts,
  created: { active: "created", paused: "created paused" },
  final: ["completed", "cancelled", "expired"]
}
