/**
 * Clears what belongs to no stored request: the environments of calls whose engine was killed before their commit, and folders that a pruning did
 * not get to remove. A start keeps its environment inside its transaction: what is removed is judged in one too, so that none is under way.
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

/** How many folders are looked at, and how many tasks are looked up, before others get their turn. */
const lookedAtOnce = 100
const foundAtOnce = 50

const isTaskId = Schema.is(TaskId)

const parts = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size)
  )

/** Whether what is in a folder beside environments was put there by backbeat: attempts alone, with a trace of their task. */
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

/** What a folder holds that no stored request accounts for; none when it has all its right. */
const leftIn = (dir: string, task: Task | null, before: number): ReadonlyArray<string> => {
  const names = namesIn(dir)
  if (names === null) return []
  if (task !== null)
    return names
      .filter((name) => isOrphanedEnvironmentFile(name, task))
      .map((name) => join(dir, name))
  const others = names.filter((name) => !isEnvironmentFile(name))
  if (others.length === 0) return [dir]
  if (!isOfTask(dir, names)) return []
  // It has been run. Without its store, which may come back, it is only removed when its time is over, and when nothing of it is alive.
  return isUntouchedSince(dir, names, before) ? [dir] : []
}

/** The attempts of a folder that no task has. */
const attemptsIn = (root: string, id: string): ReadonlyArray<SearchedAttempt> =>
  (namesIn(taskDir(root, id)) ?? []).flatMap((name) =>
    /^[1-9]\d*$/u.test(name) ? [{ id, tree: attemptTree(root, id, Number(name)) }] : []
  )

const nobody = { id: "", owner: {} }

/** At first sight, without the store: whether anything in the folder could be left over. */
const isSuspect = (dir: string, before: number): boolean => {
  const names = namesIn(dir)
  if (names === null) return false
  return (
    names.every(isEnvironmentFile) ||
    names.some((name) => isOrphanedEnvironmentFile(name, nobody)) ||
    isUntouchedSince(dir, names, before)
  )
}

const remove = (path: string): number => {
  const bytes = bytesOf(path)
  rmSync(path, { recursive: true, force: true })
  return bytes
}

/** What cannot be looked at or removed stays. */
const orElse = <A>(otherwise: A, look: () => A): A => {
  try {
    return look()
  } catch {
    return otherwise
  }
}

/** Clears, and gives the bytes that became free; made once. Folders with attempts that no task has go when untouched since `before` (epoch ms). Fails with StoreError. */
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

    const clearPart = Effect.fnUntraced(function* (
      suspects: ReadonlyArray<string>,
      before: number
    ) {
      const left = (id: string, tasks: ReadonlyMap<string, Task>) =>
        orElse([], () => leftIn(taskDir(root, id), tasks.get(id) ?? null, before))
      const tasks = yield* tasksOf(suspects)
      const ids = suspects.filter((id) => left(id, tasks).length > 0)
      if (ids.length === 0) return 0
      const clear = (now: ReadonlyMap<string, Task>) => {
        const living = withProcesses(
          ids.filter((id) => !now.has(id)).flatMap((id) => attemptsIn(root, id))
        )
        return ids
          .filter((id) => !living.has(id))
          .flatMap((id) => left(id, now))
          .reduce((sum, path) => sum + orElse(0, () => remove(path)), 0)
      }
      return yield* database.transact(Effect.map(tasksOf(ids), clear))
    })

    return Effect.fnUntraced(function* (before: number) {
      const suspects: Array<string> = []
      for (const part of parts(namesIn(tasksDir(root)) ?? [], lookedAtOnce)) {
        suspects.push(
          ...part.filter(
            (name) => isTaskId(name) && orElse(false, () => isSuspect(taskDir(root, name), before))
          )
        )
        yield* Effect.yieldNow
      }
      let freedBytes = 0
      for (const part of parts(suspects, foundAtOnce)) {
        freedBytes += yield* clearPart(part, before)
        yield* Effect.yieldNow
      }
      return freedBytes + removeUnshared(environmentsDir(root))
    })
  })
)
