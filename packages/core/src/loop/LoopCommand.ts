/** What can be asked of a loop, and what the engine reports to it. */
import type { WorkEnd } from "./Iteration.ts"
import type { LoopStatus } from "./Loop.ts"
import type { EvaluationEnd } from "./verdict.ts"

/** An order for a loop that exists, or a report. A report of what the loop does not wait for any more changes nothing. */
export type LoopCommand =
  /** Begin no other iteration; with `force` stop the one under way. */
  | { readonly type: "Pause"; readonly force: boolean; readonly reason: string | null }
  /** Go on. */
  | { readonly type: "Resume" }
  /** End it, with or without what is under way. */
  | { readonly type: "Cancel"; readonly reason: string | null; readonly cancelTasks: boolean }
  /** Something of it is due. */
  | { readonly type: "Ring" }
  /** Its worktree is there. */
  | {
      readonly type: "EndPreparing"
      readonly path: string
      readonly branch: string
      readonly base: string
    }
  /** What the engine has to do for it cannot be done. */
  | { readonly type: "GiveUp"; readonly reason: string }
  /** What it wants to start is refused; `isPassing` when that may be otherwise in a while. */
  | { readonly type: "Refuse"; readonly message: string; readonly isPassing: boolean }
  /** The task that sets up the worktree was made. */
  | { readonly type: "BeginSetup"; readonly taskId: string }
  /** It ended; `failure` is what happened to it, null when all went well. */
  | { readonly type: "EndSetup"; readonly taskId: string; readonly failure: string | null }
  /** The task or pipeline of the next iteration was made. */
  | { readonly type: "BeginIteration"; readonly id: string }
  /** That ended. */
  | { readonly type: "EndIteration"; readonly id: string; readonly end: WorkEnd }
  /** What it changed is a commit; `touched` are the protected paths among that. */
  | {
      readonly type: "Save"
      readonly number: number
      readonly commit: string
      readonly changed: boolean
      readonly touched: ReadonlyArray<string>
    }
  /** The task of an evaluation was made. */
  | { readonly type: "BeginEvaluation"; readonly taskId: string }
  /** It ended. */
  | { readonly type: "EndEvaluation"; readonly taskId: string; readonly end: EvaluationEnd }
  /** The worktree is where the next iteration starts. */
  | { readonly type: "Settle"; readonly head: string }
  /** What it had made beside its tasks is removed. */
  | { readonly type: "Clean" }

/** The names of the commands, in the order of a life. */
export const loopCommandTypes = [
  "EndPreparing",
  "BeginSetup",
  "EndSetup",
  "BeginIteration",
  "EndIteration",
  "Save",
  "BeginEvaluation",
  "EndEvaluation",
  "Settle",
  "Refuse",
  "GiveUp",
  "Ring",
  "Pause",
  "Resume",
  "Cancel",
  "Clean"
] as const satisfies ReadonlyArray<LoopCommand["type"]>

/** The refusal of a command. */
export interface IllegalLoopCommand {
  readonly _tag: "IllegalLoopCommand"
  readonly id: string
  readonly from: LoopStatus
  readonly command: LoopCommand["type"]
}
