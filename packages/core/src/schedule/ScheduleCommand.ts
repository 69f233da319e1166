/** Orders for a schedule that exists. */
import type { Owner } from "../identity/Owner.ts"
import type { Definition } from "./Schedule.ts"
import type { Run } from "./Tick.ts"

/** What a tick sees beside its schedule. */
export interface Look {
  /** Runs of the schedule that have not ended, the oldest first. */
  readonly running: ReadonlyArray<string>
  /** The schedule that this one follows; null when it follows none, or that one has never fired. */
  readonly predecessor: {
    readonly running: string | null
    /** Its latest run, if that has not succeeded. */
    readonly failed: { readonly runId: string; readonly status: string } | null
  } | null
  /** Instants that are due and have fired before: the clock was set back. */
  readonly spent: ReadonlyArray<number>
}

/** What became of the run that a tick was to start. */
export type Outcome =
  | { readonly type: "started"; readonly run: Run }
  /** `invalid`: it can never be started as the schedule stands. */
  | {
      readonly type: "refused"
      readonly error: string
      readonly message: string
      readonly invalid: boolean
    }

/** An order. */
export type ScheduleCommand =
  /** People change it. `revision` is the one that they have seen. */
  | {
      readonly type: "Update"
      readonly definition: Definition
      readonly changed: ReadonlyArray<string>
      readonly revision: number
    }
  | { readonly type: "Pause"; readonly reason: string | null; readonly revision?: number }
  | { readonly type: "Resume"; readonly revision?: number }
  | { readonly type: "Cancel"; readonly reason: string | null }
  /** Something of it may be due. `outcome` is what became of the run that `planTick` asks for. */
  | { readonly type: "Tick"; readonly look: Look; readonly outcome: Outcome | null }
  /** Somebody starts it by hand. `run` is null when it has to wait for the run that is in the way. */
  | { readonly type: "Trigger"; readonly tick: number; readonly run: Run | null }
  /** The run for which one of its ticks waits has ended. */
  | { readonly type: "Release" }
  /** The clock was set, or the rules of its zone may be others. */
  | { readonly type: "Recount" }
  /** Another schedule takes its id. */
  | {
      readonly type: "Replace"
      readonly definition: Definition
      readonly owner: Owner
      readonly paused: boolean
    }
