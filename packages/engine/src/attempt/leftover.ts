/** Leftover processes: live processes of an earlier attempt while no attempt of the task runs. */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isHeld } from "../process/AliveFifo.ts"
import { look, lookTwice } from "../process/look.ts"
import { type AttemptTree, remainsOfAll } from "../process/remains.ts"
import { treeOf } from "./attemptSpec.ts"
import { idsWhere } from "./idsWhere.ts"

/** The last attempt that was opened; null if there was none, so that nothing can be left over. */
export const lastTreeOf = (root: string, task: Task): AttemptTree | null => {
  const attempt = lastAttempt(task.state)
  return attempt === 0 ? null : treeOf(root, task, attempt)
}

/** The leftover processes of the task, by one scan; none if it had no attempt. */
export const leftoverProcesses = (root: string, task: Task) => {
  const tree = lastTreeOf(root, task)
  return tree === null ? Effect.succeed([]) : look(tree)
}

/** A process that cannot be inspected, such as another user's, may still hold the FIFO open. */
const isLastAliveHeld = (root: string, task: Task): boolean => {
  const tree = lastTreeOf(root, task)
  return tree !== null && isHeld(tree.dir)
}

/**
 * The ids of the tasks with leftover processes. Includes tasks for which this cannot be determined.
 */
export const findLeftovers = (
  root: string,
  tasks: ReadonlyArray<Task>
): Effect.Effect<ReadonlySet<string>> =>
  idsWhere(tasks, (task) => {
    const has = Effect.map(
      leftoverProcesses(root, task),
      (left) => left.length > 0 || isLastAliveHeld(root, task)
    )
    return Effect.catchDefect(has, () => Effect.succeed(true))
  })

/**
 * Whether the task has leftover processes. Returns false only after two scans in a row without any.
 */
export const hasLeftovers = (root: string, task: Task): Effect.Effect<boolean> => {
  const tree = lastTreeOf(root, task)
  return tree === null
    ? Effect.succeed(false)
    : Effect.map(lookTwice(tree), (left) => left.length > 0)
}

/** An attempt to search for, with its task's id. */
export interface SearchedAttempt {
  readonly id: string
  readonly tree: AttemptTree
}

/**
 * The ids of the tasks with leftover processes, by one synchronous scan of the process table: for
 * use inside a transaction. Includes tasks for which this cannot be determined.
 */
export const withLeftovers = (root: string, tasks: ReadonlyArray<Task>): ReadonlySet<string> =>
  withProcesses(
    tasks.flatMap((task) => {
      const tree = lastTreeOf(root, task)
      return tree === null ? [] : [{ id: task.id, tree }]
    })
  )

/** Like `withLeftovers`, for attempts. */
export const withProcesses = (searched: ReadonlyArray<SearchedAttempt>): ReadonlySet<string> => {
  if (searched.length === 0) return new Set()
  const found = Result.getOrElse(
    Result.try(() => remainsOfAll(searched.map(({ tree }) => ({ tree, known: [] })))),
    () => []
  )
  return new Set(
    searched.flatMap(({ id, tree }, index) => {
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
