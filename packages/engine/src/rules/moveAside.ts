/**
 * Moves a leftover folder away that stands in the place of an attempt's folder. The store does not
 * know its attempt: a prune was killed before it removed the folder, or the database was moved or
 * restored from a copy.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { existsSync, renameSync } from "../system/files.ts"
import { join } from "node:path"
import { attemptDir, Home, taskDir } from "../home/Home.ts"
import type { CommitRule } from "../commit/CommitRules.ts"

/**
 * Before the commit that starts the task. After it, an engine that takes over could not tell to
 * which attempt the folder belongs. The moved folder stays until the task is pruned.
 */
const moveAside = (root: string, { id, state: { attempt } }: Task, now: number): void => {
  const dir = attemptDir(root, id, attempt)
  if (!existsSync(dir)) return
  try {
    renameSync(dir, join(taskDir(root, id), `earlier-${attempt}-${now}`))
  } catch {
    // A failed move must not fail the commit, which may contain ends of other tasks.
  }
}

/** The rule that moves leftover folders away for the attempts that a transaction starts. */
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
