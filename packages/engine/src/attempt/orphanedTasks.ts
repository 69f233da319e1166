/**
 * Task folders in the home without a task in the store: the database has lost it, or a prune was
 * killed after it removed the rows and before it removed the folders. Their processes may be alive.
 */
import { TaskId } from "@backbeat/core/task/TaskId"
import { IdStore } from "@backbeat/store/IdStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { existsSync } from "../system/files.ts"
import { join } from "node:path"
import { Home, taskDir, tasksDir } from "../home/Home.ts"
import { homeIdOf } from "../home/homeId.ts"
import { namesIn } from "../home/namesIn.ts"
import { describeProcess } from "../process/describeProcess.ts"
import { type AttemptTree, remainsOfAll } from "../process/remains.ts"
import { once } from "../wiring/once.ts"

/**
 * A task folder whose task is not in the store; `alive` are its processes, as `<pid> <command>`.
 */
export interface OrphanedTask {
  readonly id: string
  readonly alive: ReadonlyArray<string>
}

/** How many ids are looked up before other fibers run. */
const askedAtOnce = 500

const isTaskId = Schema.is(TaskId)

/** The name of an attempt's folder, also of one that was moved aside. */
const attemptName = /^(?:earlier-)?([1-9]\d*)(?:-\d+)?$/u

/** The claimed attempts in the folder of a task. */
const attemptsIn = (root: string, id: string): ReadonlyArray<AttemptTree> =>
  (namesIn(taskDir(root, id)) ?? []).flatMap((name) => {
    const attempt = attemptName.exec(name)?.[1]
    const dir = join(taskDir(root, id), name)
    if (attempt === undefined || !existsSync(join(dir, "claim"))) return []
    return [
      { dir, mark: { taskId: id, attempt: Number(attempt), home: root, homeId: homeIdOf(root) } }
    ]
  })

/**
 * The live processes of each attempt, by one scan of the process table. Processes that cannot be
 * inspected count as not alive.
 */
const aliveIn = (trees: ReadonlyArray<AttemptTree>): ReadonlyArray<ReadonlyArray<string>> => {
  const found = Result.getOrElse(
    Result.try(() => remainsOfAll(trees.map((tree) => ({ tree, known: [] })))),
    () => []
  )
  return trees.map((_, index) => {
    const left = found[index]
    return left === undefined || Result.isFailure(left)
      ? []
      : left.success.map(({ identity }) => describeProcess(identity.pid))
  })
}

/** The live processes in the folder of a task that the store does not know. */
export const orphanProcesses = (root: string, id: string): ReadonlyArray<string> => {
  if (!existsSync(taskDir(root, id))) return []
  const trees = attemptsIn(root, id)
  return trees.length === 0 ? [] : aliveIn(trees).flat()
}

/** Builds the search for all orphaned tasks. Fails with StoreError. */
export const makeFindOrphanedTasks = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const ids = yield* IdStore
    return Effect.gen(function* () {
      const names = (namesIn(tasksDir(root)) ?? []).filter(isTaskId)
      const found: Array<{ readonly id: string; readonly trees: ReadonlyArray<AttemptTree> }> = []
      for (let from = 0; from < names.length; from += askedAtOnce) {
        const chunk = names.slice(from, from + askedAtOnce)
        const known = yield* ids.tasksAmong(chunk)
        found.push(
          ...chunk.filter((id) => !known.has(id)).map((id) => ({ id, trees: attemptsIn(root, id) }))
        )
        yield* Effect.yieldNow
      }
      const orphaned = found.filter(({ trees }) => trees.length > 0)
      const trees = orphaned.flatMap(({ trees: each }) => each)
      const alive = new Map(aliveIn(trees).map((processes, index) => [trees[index], processes]))
      return orphaned.map(({ id, trees: own }): OrphanedTask => ({
        id,
        alive: own.flatMap((tree) => alive.get(tree) ?? [])
      }))
    })
  })
)

const maxListed = 10

/** Describes them in a sentence. */
export const describeOrphanedTasks = (orphanedTasks: ReadonlyArray<OrphanedTask>): string => {
  const first = orphanedTasks
    .toSorted((one, other) => other.alive.length - one.alive.length)
    .slice(0, maxListed)
  const named = first.map(({ id, alive }) =>
    alive.length === 0 ? id : `${id} (alive: ${alive.join(", ")})`
  )
  const more =
    orphanedTasks.length > first.length ? [`${orphanedTasks.length - first.length} more`] : []
  return `${orphanedTasks.length} ${orphanedTasks.length === 1 ? "task has a folder" : "tasks have folders"} but no entry in the database: ${[...named, ...more].join(", ")}`
}
