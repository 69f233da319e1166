/** Removes what a loop has made beside its tasks, once nobody works there any more. */
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import { hasLoopEnded, type Loop } from "@backbeat/core/loop/Loop"
import type { Actor } from "@backbeat/core/history/Actor"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { Transitions } from "../commit/Transitions.ts"
import { Home } from "../home/Home.ts"
import { readVariables } from "../home/KeptVariables.ts"
import { existsSync } from "../system/files.ts"
import { once } from "../wiring/once.ts"
import { worktreeDir } from "./git/makeWorktree.ts"
import { removeWorktree, uncommittedIn } from "./git/removeWorktree.ts"

/** So many paths stand in an answer. */
const shownPaths = 20

const live = statuses.filter((status) => !isFinal(status))

const notEnded = ({ id, state: { status } }: Loop): Problem =>
  withTry(
    problem(
      "IllegalTransition",
      `loop ${id} is ${status}; only the worktree of a loop that has ended can be removed`,
      "Cancel it first.",
      { id, from: status, command: "Clean" }
    ),
    "loop cancel",
    { id }
  )

const isUsed = (id: string, path: string, tasks: ReadonlyArray<string>): Problem =>
  problem(
    "IllegalTransition",
    `tasks work in the worktree of loop ${id}: ${tasks.slice(0, shownPaths).join(", ")}`,
    "Wait until they have ended, or stop them.",
    { id, path, tasks }
  )

const wouldLose = (
  input: Input<"loop clean">,
  path: string,
  paths: ReadonlyArray<string>
): Problem =>
  withTry(
    problem(
      "IllegalTransition",
      `${paths.length} files in ${path} are in no commit: ${paths.slice(0, shownPaths).join(", ")}${paths.length > shownPaths ? " ..." : ""}`,
      "Save what you need. Then remove the worktree with them.",
      { id: input.id, path, files: paths.slice(0, shownPaths) }
    ),
    "loop clean",
    { ...input, discard: true }
  )

const ofGit = (id: string, message: string): Problem =>
  problem(
    "IllegalTransition",
    `the worktree of loop ${id}: ${message}`,
    "Correct that, then call again.",
    {
      id
    }
  )

/** Cleans up behind loops; made once. */
export const makeLoopCleaning = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const transitions = yield* Transitions

    /** The tasks that live with their folder in the worktree, whoever started them. */
    const usersOf = Effect.fnUntraced(function* (path: string) {
      const tasks = yield* Effect.mapError(store.inStatus(live), toProblem)
      return tasks.flatMap(({ id, spec: { cwd } }) =>
        cwd === path || cwd.startsWith(`${path}/`) ? [id] : []
      )
    })

    const check = Effect.fnUntraced(function* (
      loop: Loop,
      input: Input<"loop clean">,
      path: string
    ) {
      const users = yield* usersOf(path)
      if (users.length > 0) return yield* Effect.fail(isUsed(loop.id, path, users))
      if (input.discard === true) return
      const environment = readVariables(root, { kind: "loop", id: loop.id })?.environment ?? {}
      const { changed, ignored } = yield* Effect.mapError(
        uncommittedIn(path, environment),
        ({ message }) => ofGit(loop.id, message)
      )
      const lost = [...changed, ...ignored]
      if (lost.length > 0) return yield* Effect.fail(wouldLose(input, path, lost))
    })

    /** Removes the worktree of a loop, and its refs where that is asked for; answers with what is removed. */
    return Effect.fnUntraced(function* (loop: Loop, input: Input<"loop clean">, actor: Actor) {
      if (!hasLoopEnded(loop.state)) return yield* Effect.fail(notEnded(loop))
      const { git } = loop.spec
      const { place } = loop.progress
      if (git === null || place === null) return []
      if (place.path !== null) {
        // A copy of a home knows the worktree of the original.
        if (place.path !== worktreeDir(root, loop.id) && existsSync(place.path))
          return yield* Effect.fail(ofGit(loop.id, `${place.path} is of another home`))
        yield* check(loop, input, place.path)
      }
      const environment = readVariables(root, { kind: "loop", id: loop.id })?.environment ?? {}
      const removed = yield* Effect.mapError(
        removeWorktree(loop, git, place, { refs: input.refs === true, environment }),
        ({ message }) => ofGit(loop.id, message)
      )
      yield* Effect.mapError(
        transitions.commit((tx) =>
          Effect.orDie(tx.of(loopAggregate).change(loop, { type: "Clean" }, actor))
        ),
        toProblem
      )
      return removed
    })
  })
)
