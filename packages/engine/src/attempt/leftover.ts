/** Leftover processes: what an earlier attempt of a task has left alive while none of its attempts runs. */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isHeld } from "../process/AliveFifo.ts"
import { look, lookTwice } from "../process/look.ts"
import { type AttemptTree, remainsOfAll } from "../process/remains.ts"
import { treeOf } from "./attemptSpec.ts"
import { idsWhere } from "./idsWhere.ts"

/** The last attempt that was opened; null when there was none, so that the task cannot have left anything. */
export const lastTreeOf = (root: string, task: Task): AttemptTree | null => {
  const attempt = lastAttempt(task.state)
  return attempt === 0 ? null : treeOf(root, task, attempt)
}

/** The processes that the task's last attempt has left, by one look; none of a task that had no attempt. */
export const lookForLeftovers = (root: string, task: Task) => {
  const tree = lastTreeOf(root, task)
  return tree === null ? Effect.succeed([]) : look(tree)
}

/** What cannot be looked into, such as another user's process, may hold the FIFO all the same. */
const isLastHeld = (root: string, task: Task): boolean => {
  const tree = lastTreeOf(root, task)
  return tree !== null && isHeld(tree.dir)
}

/** The ids of those tasks that have left processes. A task of which that cannot be told counts as one that has. */
export const findLeftovers = (
  root: string,
  tasks: ReadonlyArray<Task>
): Effect.Effect<ReadonlySet<string>> =>
  idsWhere(tasks, (task) => {
    const has = Effect.map(
      lookForLeftovers(root, task),
      (left) => left.length > 0 || isLastHeld(root, task)
    )
    return Effect.catchDefect(has, () => Effect.succeed(true))
  })

/** Whether the task has left anything alive; only two looks in a row tell that it has not. */
export const hasLeftovers = (root: string, task: Task): Effect.Effect<boolean> => {
  const tree = lastTreeOf(root, task)
  return tree === null
    ? Effect.succeed(false)
    : Effect.map(lookTwice(tree), (left) => left.length > 0)
}

/** An attempt and whose it is. */
export interface Sought {
  readonly id: string
  readonly tree: AttemptTree
}

/**
 * The ids of those tasks that have left processes, by one reading of the process table, at once: for use inside a transaction. A task
 * of which that cannot be told counts as one that has.
 */
export const withLeftovers = (root: string, tasks: ReadonlyArray<Task>): ReadonlySet<string> =>
  withProcesses(
    tasks.flatMap((task) => {
      const tree = lastTreeOf(root, task)
      return tree === null ? [] : [{ id: task.id, tree }]
    })
  )

/** Like `withLeftovers`, of attempts. */
export const withProcesses = (sought: ReadonlyArray<Sought>): ReadonlySet<string> => {
  if (sought.length === 0) return new Set()
  const found = Result.getOrElse(
    Result.try(() => remainsOfAll(sought.map(({ tree }) => ({ tree, known: [] })))),
    () => []
  )
  return new Set(
    sought.flatMap(({ id, tree }, index) => {
      const left = found[index]
      return left !== undefined &&
        Result.isSuccess(left) &&
        left.success.length === 0 &&
        !isHeld(tree.dir)
        ? []
        : [id]
    })
  )
}
