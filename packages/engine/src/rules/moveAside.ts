/**
 * Sets aside the folder that an attempt which is about to begin would take for its own. The store knows of no such attempt: a pruning
 * was killed before it removed the folder, or the database was moved away or put back from a copy.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { existsSync, renameSync } from "../system/files.ts"
import { join } from "node:path"
import { attemptDir, Home, taskDir } from "../home/Home.ts"
import type { CommitRule } from "../commit/CommitRules.ts"

/** Before the commit in which the task starts: behind it, an engine that takes over could not tell whose the folder is. It stays until the task is pruned. */
const moveAside = (root: string, { id, state: { attempt } }: Task, now: number): void => {
  const dir = attemptDir(root, id, attempt)
  if (!existsSync(dir)) return
  try {
    renameSync(dir, join(taskDir(root, id), `earlier-${attempt}-${now}`))
  } catch {
    // What cannot be moved must not take the commit with it: there may be ends of other tasks in it.
  }
}

/** The rule that sets aside the folders in the way of the attempts that a transaction begins. */
export const makeMoveAsideFolders = Effect.map(
  Home,
  ({ root }): CommitRule =>
    ({ now }, committed) =>
      Effect.sync(() => {
        for (const { task, recorded } of committed) {
          if (recorded.event.type === "task.started") moveAside(root, task, now)
        }
      })
)
