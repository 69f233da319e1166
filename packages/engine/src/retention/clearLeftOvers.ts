/**
 * Removes files that belong to no stored request: environments of calls whose engine was killed
 * before their commit, and folders that a prune did not remove. A start stores its environment
 * inside its transaction. So this decides inside a transaction too, when no start is under way.
 */
import { TaskId } from "@backbeat/core/task/TaskId"
import type { Task } from "@backbeat/core/task/Task"
import { Database } from "@backbeat/store/Database"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { existsSync, rmSync, statSync } from "../system/files.ts"
import { join } from "node:path"
import { bytesOf } from "../home/bytesOf.ts"
import { environmentsDir, Home, taskDir, tasksDir } from "../home/Home.ts"
import { namesIn } from "../home/namesIn.ts"
import { removeUnshared } from "../home/sharedText.ts"
import { isEnvironmentFile, isOrphanedEnvironmentFile } from "../home/TaskEnvironment.ts"
import { attemptTree } from "../attempt/attemptSpec.ts"
import { type SearchedAttempt, withProcesses } from "../attempt/leftover.ts"
import { once } from "../wiring/once.ts"

/** How many folders are read, and how many tasks are looked up, before other fibers run. */
const foldersPerTurn = 100
const tasksPerTurn = 50

const isTaskId = Schema.is(TaskId)

const chunks = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size)
  )

/**
 * Whether backbeat created everything in a folder: only attempts and environments, with a trace of
 * their task.
 */
const isOfTask = (dir: string, names: ReadonlyArray<string>): boolean => {
  const attempts = names.filter((name) => !isEnvironmentFile(name))
  return (
    attempts.every((name) => /^[1-9]\d*$/u.test(name)) &&
    (attempts.length < names.length ||
      attempts.some((name) => existsSync(join(dir, name, "claim"))))
  )
}

const isUntouchedSince = (dir: string, names: ReadonlyArray<string>, at: number): boolean =>
  [dir, ...names.map((name) => join(dir, name))].every(
    (path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < at
  )

/** The paths in a task's folder that belong to no stored request. */
const leftoversIn = (dir: string, task: Task | null, before: number): ReadonlyArray<string> => {
  const names = namesIn(dir)
  if (names === null) return []
  if (task !== null)
    return names
      .filter((name) => isOrphanedEnvironmentFile(name, task))
      .map((name) => join(dir, name))
  const others = names.filter((name) => !isEnvironmentFile(name))
  if (others.length === 0) return [dir]
  if (!isOfTask(dir, names)) return []
  // The task has run. Its store may be restored, so the folder is only removed after the retention
  // time, and if no process is alive.
  return isUntouchedSince(dir, names, before) ? [dir] : []
}

/** The attempts in the folder of a task that is not stored. */
const attemptsIn = (root: string, id: string): ReadonlyArray<SearchedAttempt> =>
  (namesIn(taskDir(root, id)) ?? []).flatMap((name) =>
    /^[1-9]\d*$/u.test(name) ? [{ id, tree: attemptTree(root, id, Number(name)) }] : []
  )

const noTask = { id: "", owner: {} }

/** A cheap check without the database: whether the folder could contain leftovers. */
const isSuspect = (dir: string, before: number): boolean => {
  const names = namesIn(dir)
  if (names === null) return false
  return (
    names.every(isEnvironmentFile) ||
    names.some((name) => isOrphanedEnvironmentFile(name, noTask)) ||
    isUntouchedSince(dir, names, before)
  )
}

const remove = (path: string): number => {
  const bytes = bytesOf(path)
  rmSync(path, { recursive: true, force: true })
  return bytes
}

/** Returns `otherwise` on an error: what cannot be read or removed stays. */
const onError = <A>(otherwise: A, attempt: () => A): A => {
  try {
    return attempt()
  } catch {
    return otherwise
  }
}

/**
 * Builds the removal; it returns the freed bytes. Folders of tasks that are not stored are removed
 * if they were not changed since `before` (epoch ms). Fails with StoreError.
 */
export const makeClearLeftOvers = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const database = yield* Database

    const tasksOf = (ids: ReadonlyArray<string>) =>
      Effect.map(
        store.list({ ids }, { limit: ids.length }),
        ({ tasks }) => new Map(tasks.map((task) => [task.id, task]))
      )

    const clearChunk = Effect.fnUntraced(function* (
      suspects: ReadonlyArray<string>,
      before: number
    ) {
      const leftovers = (id: string, tasks: ReadonlyMap<string, Task>) =>
        onError([], () => leftoversIn(taskDir(root, id), tasks.get(id) ?? null, before))
      const tasks = yield* tasksOf(suspects)
      const ids = suspects.filter((id) => leftovers(id, tasks).length > 0)
      if (ids.length === 0) return 0
      const clear = (now: ReadonlyMap<string, Task>) => {
        const alive = withProcesses(
          ids.filter((id) => !now.has(id)).flatMap((id) => attemptsIn(root, id))
        )
        return ids
          .filter((id) => !alive.has(id))
          .flatMap((id) => leftovers(id, now))
          .reduce((sum, path) => sum + onError(0, () => remove(path)), 0)
      }
      return yield* database.transact(Effect.map(tasksOf(ids), clear))
    })

    return Effect.fnUntraced(function* (before: number) {
      const suspects: Array<string> = []
      for (const chunk of chunks(namesIn(tasksDir(root)) ?? [], foldersPerTurn)) {
        suspects.push(
          ...chunk.filter(
            (name) => isTaskId(name) && onError(false, () => isSuspect(taskDir(root, name), before))
          )
        )
        yield* Effect.yieldNow
      }
      let freedBytes = 0
      for (const chunk of chunks(suspects, tasksPerTurn)) {
        freedBytes += yield* clearChunk(chunk, before)
        yield* Effect.yieldNow
      }
      return freedBytes + removeUnshared(environmentsDir(root))
    })
  })
)
