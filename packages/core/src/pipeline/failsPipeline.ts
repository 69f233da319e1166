/** Decides whether the end of a task fails its pipeline. */
import type { Task } from "../task/Task.ts"
import type { TaskStatus } from "../task/TaskState.ts"

/**
 * Whether a final task fails its pipeline: it failed, a caller cancelled it, or it was withdrawn
 * because of a failure. A task that was withdrawn because of a success, such as one that runs on
 * failure, was not needed. `cause` is the status of the task that caused the withdrawal, null if
 * there was none or if it is no longer known.
 */
export const failsPipeline = ({ state }: Task, cause: TaskStatus | null): boolean => {
  if (state.status !== "cancelled") return state.status === "failed"
  return state.failure?.type !== "DependencyFailed" || cause !== "completed"
}
