/** The type of the table of transitions. */
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { TaskState } from "@backbeat/core/task/TaskState"

/**
 * Another caller gives the command at the instant `at`. `restartCount` is that of `from` unless it
 * is set.
 */
export interface Transition {
  readonly title: string
  readonly from: Task
  readonly command: TaskCommand
  readonly at: number
  readonly events: ReadonlyArray<TaskEvent>
  readonly state: TaskState
  readonly restartCount?: number
}
