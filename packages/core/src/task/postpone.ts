/** What becomes of a task that the system refused to start. */
import { gaveUp, postponeMs, refusedAgain } from "./Postponement.ts"
import type { TaskCommand } from "./TaskCommand.ts"
import type { TaskEvent } from "./TaskEvent.ts"
import type { TaskState } from "./TaskState.ts"

/** Queues it for another try, whatever its restart policy says: nothing of it has run. After enough tries it fails as NotSpawned. */
export const postpone = (
  { message, claimed }: Extract<TaskCommand, { readonly type: "Postpone" }>,
  state: TaskState,
  at: number
): ReadonlyArray<TaskEvent> => {
  if (state.status !== "running") return []
  const postponed = refusedAgain(state.postponed, message, at)
  const delayMs = postponeMs(postponed, at)
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
