/** What can be asked of a task. Instants are epoch milliseconds. */
import type { AttemptEnd } from "./AttemptEnd.ts"
import type { Failure } from "./Failure.ts"
import type { Lineage, Owner, StopSignal, TaskSpec } from "./TaskSpec.ts"

/** An order for a task that exists. `leftover`: a look found live processes of an earlier attempt of a task that does not run. */
export type TaskCommand =
  /** Its dependencies hold: it may run. */
  | { readonly type: "Release" }
  /** One of its dependencies can no longer hold. */
  | { readonly type: "Withdraw"; readonly failure: Failure; readonly leftover?: boolean }
  /** A slot is free: open the next attempt. */
  | { readonly type: "Open" }
  /** Its probe succeeded. */
  | { readonly type: "ReportReady" }
  /** Its probe failed too often. */
  | { readonly type: "ReportUnhealthy"; readonly output: string }
  /** Somebody wants it to end. A second stop may only shorten the grace period. */
  | {
      readonly type: "Stop"
      readonly reason: string | null
      readonly signal: StopSignal
      readonly graceMs: number
      readonly leftover?: boolean
    }
  /** One of its own limits was reached: `elapsedMs` is how long that took, on a clock that nobody sets. */
  | { readonly type: "Limit"; readonly failure: Failure; readonly elapsedMs: number }
  /** Its agent has told its result, and its process does not exit: what is left is stopped, and the agent's word decides. */
  | { readonly type: "Finish" }
  /** The system refused to start the attempt because it is short of something; `claimed` when the attempt's number is used up by that. */
  | { readonly type: "Postpone"; readonly message: string; readonly claimed: boolean }
  /** Its attempt has ended and nothing of it is alive that has to be waited for. `isLast`: no other one follows, whatever was wanted. */
  | { readonly type: "End"; readonly end: AttemptEnd; readonly isLast?: true }
  /** The delay of the restart policy has passed. */
  | { readonly type: "Retry" }
  /** The delay before it may start is over, though the wall clock, which was set back, says otherwise. */
  | { readonly type: "EndDelay" }
  /** Somebody wants another attempt, with the specification, owner and lineage given now if there are any; `blocked` while that has to wait for others. */
  | {
      readonly type: "Restart"
      readonly reason: string | null
      readonly spec: TaskSpec | null
      readonly owner?: Owner
      readonly lineage?: Lineage
      readonly blocked?: boolean
    }

/** The names of the commands, in the order of a life. */
export const commandTypes = [
  "Release",
  "Withdraw",
  "Open",
  "ReportReady",
  "ReportUnhealthy",
  "Stop",
  "Limit",
  "Finish",
  "Postpone",
  "End",
  "Retry",
  "EndDelay",
  "Restart"
] as const satisfies ReadonlyArray<TaskCommand["type"]>
