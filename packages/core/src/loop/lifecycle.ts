/** The lifecycle of a loop, for docs/lifecycle.md. */
import type { Lifecycle } from "../history/printLifecycle.ts"
import { accepts } from "./accepts.ts"
import type { LoopStatus } from "./Loop.ts"
import type { LoopCommand } from "./LoopCommand.ts"

/** The statuses and commands of a loop, with their meanings. */
export const loopLifecycle: Lifecycle<LoopStatus, LoopCommand["type"]> = {
  statuses: {
    running: "Its iterations follow one another. `waitsFor` says what it waits for.",
    pausing:
      "A caller paused it. The iteration under way ends and is recorded first; with `force` it is stopped.",
    paused: "It starts no iteration until a caller resumes it.",
    stopping:
      "A caller cancelled it, or `maxDurationMs` is over. What runs of it is being stopped.",
    completed: "An evaluation passed, a target was reached, or a bound ended it with a best score.",
    failed: "A bound ended it without that, or its worktree cannot be used.",
    cancelled: "A caller cancelled it."
  },
  commands: {
    EndPreparing: "The engine has made its worktree.",
    BeginSetup: "The task that sets up the worktree was created.",
    EndSetup: "That task has ended.",
    BeginIteration: "The task or pipeline of the next iteration was created.",
    EndIteration: "That task or pipeline has ended.",
    Save: "The engine has stored the changes of the iteration as a commit.",
    BeginEvaluation: "The task that evaluates the iteration was created.",
    EndEvaluation: "That task has ended.",
    Settle: "The engine has moved the worktree to the commit from which the next iteration starts.",
    Refuse: "A task or pipeline could not be created.",
    GiveUp: "The engine cannot make, save or move the worktree, or this home is a copy.",
    Ring: "An instant has come: the end of a wait, or of `maxDurationMs`.",
    Pause: "A caller pauses it.",
    Resume: "A caller resumes it.",
    Cancel: "A caller cancels it.",
    Clean: "A caller has the worktree removed."
  },
  accepts,
  created: { running: "created" },
  final: ["completed", "failed", "cancelled"]
}
