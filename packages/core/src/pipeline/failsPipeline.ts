/** Which ends of a task make its pipeline fail. */
import type { Task } from "../task/Task.ts"
import type { TaskStatus } from "../task/TaskState.ts"

/**
 * Whether a final task makes its pipeline fail: it failed, was cancelled, or was withdrawn because something failed. What was withdrawn
 * because of a success, such as a task that runs on failure, was not needed. `cause` is the status of the task because of whose end
 * this one was withdrawn, null when it was not or when that is not known any more.
 */
export const failsPipeline = ({ state }: Task, cause: TaskStatus | null): boolean => {
  if (state.status !== "cancelled") return state.status === "failed"
  return state.failure?.type !== "DependencyFailed" || cause !== "completed"
}
