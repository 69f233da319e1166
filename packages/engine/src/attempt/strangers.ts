/**
 * Attempts in the home whose task the store does not know: the database has lost its end, or a prune was killed between the rows and
 * the folders. Their processes may live.
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

/** A folder of a task that the store does not know; `alive` are its processes, as `<pid> <command>`. */
export interface Stranger {
  readonly id: string
  readonly alive: ReadonlyArray<string>
}

/** How many ids are asked for before others get their turn. */
const askedAtOnce = 500

const isTaskId = Schema.is(TaskId)

/** An attempt's folder, also one that was set aside. */
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

/** By one reading of the process table. What cannot be looked at counts as not alive. */
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

/** The live processes of attempts that an unknown task of this id has made in the home. */
export const aliveOfStranger = (root: string, id: string): ReadonlyArray<string> => {
  if (!existsSync(taskDir(root, id))) return []
  const trees = attemptsIn(root, id)
  return trees.length === 0 ? [] : aliveIn(trees).flat()
}

/** Finds all, made once. Fails with StoreError. */
export const makeFindStrangers = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const ids = yield* IdStore
    return Effect.gen(function* () {
      const names = (namesIn(tasksDir(root)) ?? []).filter(isTaskId)
      const found: Array<{ readonly id: string; readonly trees: ReadonlyArray<AttemptTree> }> = []
      for (let from = 0; from < names.length; from += askedAtOnce) {
        const part = names.slice(from, from + askedAtOnce)
        const known = yield* ids.tasksAmong(part)
        found.push(
          ...part.filter((id) => !known.has(id)).map((id) => ({ id, trees: attemptsIn(root, id) }))
        )
        yield* Effect.yieldNow
      }
      const strange = found.filter(({ trees }) => trees.length > 0)
      const trees = strange.flatMap(({ trees: its }) => its)
      const alive = new Map(aliveIn(trees).map((its, index) => [trees[index], its]))
      return strange.map(({ id, trees: its }): Stranger => ({
        id,
        alive: its.flatMap((tree) => alive.get(tree) ?? [])
      }))
    })
  })
)

const namedAtMost = 10

/** Tells of them in a sentence. */
export const describeStrangers = (strangers: ReadonlyArray<Stranger>): string => {
  const first = strangers
    .toSorted((one, other) => other.alive.length - one.alive.length)
    .slice(0, namedAtMost)
  const named = first.map(({ id, alive }) =>
    alive.length === 0 ? id : `${id} (alive: ${alive.join(", ")})`
  )
  const more = strangers.length > first.length ? [`${strangers.length - first.length} more`] : []
  return `${strangers.length} ${strangers.length === 1 ? "task has a folder" : "tasks have folders"} but no entry in the database: ${[...named, ...more].join(", ")}`
}
