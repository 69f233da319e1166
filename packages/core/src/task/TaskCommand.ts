/** The commands to a task, from which `decide` makes events. Instants are epoch milliseconds. */
import type { AttemptEnd } from "./AttemptEnd.ts"
import type { Failure } from "./Failure.ts"
import type { Lineage, StopSignal, TaskSpec } from "./TaskSpec.ts"
import type { Owner } from "../identity/Owner.ts"

/**
 * A command to an existing task. `leftover`: a search found live processes of an earlier attempt,
 * although no attempt runs.
 */
export type TaskCommand =
  /** All of its dependencies are satisfied. */
  | { readonly type: "Release" }
  /** One of its dependencies can no longer be satisfied. */
  | { readonly type: "Withdraw"; readonly failure: Failure; readonly leftover?: boolean }
  /** A slot is free: the next attempt starts. */
  | { readonly type: "Open" }
  /** Its probe succeeded. */
  | { readonly type: "ReportReady" }
  /** Its probe failed too often. */
  | { readonly type: "ReportUnhealthy"; readonly output: string }
  /** A caller stops it. Another stop can only shorten the grace period. */
  | {
      readonly type: "Stop"
      readonly reason: string | null
      readonly signal: StopSignal
      readonly graceMs: number
      readonly leftover?: boolean
    }
  /** It reached one of its limits. `elapsedMs` is the time that this took, by a monotonic clock. */
  | { readonly type: "Limit"; readonly failure: Failure; readonly elapsedMs: number }
  /**
   * Its agent has reported its result but does not exit. Its processes are stopped, and the result
   * counts.
   */
  | { readonly type: "Finish" }
  /**
   * The system could not start the attempt, because it is short of a resource. `claimed` says that
   * the number of the attempt is used up.
   */
  | { readonly type: "Postpone"; readonly message: string; readonly claimed: boolean }
  /**
   * Its attempt has ended, and none of its processes is alive. `isLast`: no other attempt follows,
   * not even by the restart policy.
   */
  | { readonly type: "End"; readonly end: AttemptEnd; readonly isLast?: true }
  /** The delay of the restart policy has passed. */
  | { readonly type: "Retry" }
  /**
   * The delay before its start has passed, although the wall clock, which was set back, shows an
   * earlier time.
   */
  | { readonly type: "EndDelay" }
  /**
   * A caller requests another attempt, maybe with a new specification, owner and lineage. `blocked`
   * says that it waits for dependencies first.
   */
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
