/**
 * Recovers after an earlier engine: settles ended attempts, adopts running ones, and opens those
 * that were about to start.
 */
import { recovery } from "@backbeat/core/history/Actor"
import { withSpawnTime } from "@backbeat/core/task/decide"
import type { Task } from "@backbeat/core/task/Task"
import { Dispatch } from "../queue/Dispatch.ts"
import { Disk } from "@backbeat/store/Disk"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { existsSync } from "../system/files.ts"
import { AgentAttempts } from "../agent/AgentAttempts.ts"
import { Home, taskDir } from "../home/Home.ts"
import { inspectAttempt, inspectSpawned, isPassing } from "../process/inspectAttempt.ts"
import { lookTwice } from "../process/look.ts"
import { attemptEnd } from "../attempt/attemptEnd.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { foundSpawn } from "../attempt/foundSpawn.ts"
import { idsWhere } from "../attempt/idsWhere.ts"
import { persistently } from "../alarm/persistently.ts"
import { readSpawns } from "../attempt/spawnLog.ts"
import { Supervisor } from "./Supervisor.ts"
import { Transitions } from "../commit/Transitions.ts"

/** How many agents' outputs and work trees are read at a time. */
const concludedAtOnce = 8

/**
 * Recovers every attempt that is running or stopping in the store. Attempts that ended meanwhile
 * are settled in one commit, with the times of their records; the others are adopted.
 */
export const recover = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const disk = yield* Disk
  const transitions = yield* Transitions
  const supervisor = yield* Supervisor
  const agents = yield* AgentAttempts
  const { isHere } = yield* Dispatch
  const live = (yield* store.inStatus(["running", "stopping"])).filter(isHere)
  const now = yield* Clock.currentTimeMillis
  const running = live.filter(({ state }) => state.status === "running")
  const wasSpawned = readSpawns(root)
  const inspected = yield* persistently(
    "a look at the attempts",
    Effect.sync(() =>
      running.map((task) => {
        const { dir } = treeOf(root, task)
        return { task, found: wasSpawned(task) ? inspectSpawned(dir) : inspectAttempt(dir) }
      })
    )
  )
  const unsure = inspected.filter(({ found }) => found.kind !== "ended" && found.kind !== "alive")
  const living = yield* stillLiving(
    root,
    unsure.map(({ task }) => task)
  )
  const over = inspected.flatMap(({ task, found }) => {
    const goesOn =
      found.kind === "alive" ||
      living.has(task.id) ||
      found.kind === "unclaimed" ||
      (!wasSpawned(task) && isToBeOpened(root, task))
    // An attempt for which the system lacked resources is postponed when it is adopted.
    return goesOn || isPassing(found) ? [] : [{ task, end: attemptEnd(found, now) }]
  })
  const ended = yield* Effect.forEach(
    over,
    ({ task, end }) => Effect.map(agents.addOutcome(task, end), (whole) => ({ task, end: whole })),
    {
      concurrency: concludedAtOnce
    }
  )
  const settled = new Set(ended.map(({ task }) => task.id))
  // An attempt that was found alive is never opened again, even if its folder has gone since.
  const alive = inspected.filter(({ found }) => found.kind === "alive").map(({ task }) => task.id)
  const goingOn = new Set([...living, ...alive])
  yield* Effect.forEach(
    live.filter((task) => !settled.has(task.id)),
    (task) => supervisor.takeOver(task, goingOn.has(task.id))
  )
  const settle = transitions.commit((tx) =>
    Effect.forEach(
      ended,
      ({ task, end }) =>
        tx.change(
          withSpawnTime(task, foundSpawn(root, task).startedAt),
          { type: "End", end },
          recovery
        ),
      { discard: true }
    )
  )
  yield* Effect.catchTag(settle, "StoreError", () => Effect.andThen(disk.freeSpace(0), settle))
})

/**
 * The ids of tasks whose attempt is alive although its folder does not show it: by one full search
 * for all of them.
 */
const stillLiving = (
  root: string,
  tasks: ReadonlyArray<Task>
): Effect.Effect<ReadonlySet<string>> =>
  idsWhere(tasks, (task) => {
    const tree = treeOf(root, task)
    const lives = Effect.map(lookTwice(tree), (left) => left.length > 0)
    return persistently(`a look at ${tree.dir}`, lives)
  })

/**
 * An attempt that was not spawned, and whose folder was never created, is still to be opened. If
 * the whole task's folder is gone, nothing is known.
 */
const isToBeOpened = (root: string, task: Task): boolean =>
  !existsSync(treeOf(root, task).dir) && existsSync(taskDir(root, task.id))
