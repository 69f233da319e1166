/** Decides what follows when the system could not start an attempt. */
import { gaveUp, startDelayMs, nextPostponement } from "./Postponement.ts"
import type { TaskCommand } from "./TaskCommand.ts"
import type { TaskEvent } from "./TaskEvent.ts"
import type { TaskState } from "./TaskState.ts"

/**
 * Queues the task for another try, independent of its restart policy, because nothing has run.
 * After too many tries it fails with NotSpawned.
 */
export const postpone = (
  { message, claimed }: Extract<TaskCommand, { readonly type: "Postpone" }>,
  state: TaskState,
  at: number
): ReadonlyArray<TaskEvent> => {
  if (state.status !== "running") return []
  const postponed = nextPostponement(state.postponed, message, at)
  const delayMs = startDelayMs(postponed, at)
  if (delayMs === null) {
    const failure = { type: "NotSpawned", message: gaveUp(postponed, at) } as const
    return [
      {
        type: "task.failed",
        failure,
        end: { outcome: { kind: "notSpawned", message: failure.message }, endedAt: at, cpuMs: null }
      }
    ]
  }
  const attempt = claimed ? state.attempt + 1 : state.attempt
  return [
    { type: "task.queued", attempt, tries: state.tries - 1, notBefore: at + delayMs, postponed }
  ]
}
