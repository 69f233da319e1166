/** Picks up what an earlier engine left: settles what has ended, adopts what runs, opens what was about to run. */
import { recovery } from "@backbeat/core/task/Actor"
import { spawned } from "@backbeat/core/task/decide"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { AgentAttempts } from "../agent/AgentAttempts.ts"
import { Home, taskDir } from "../home/Home.ts"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { attemptEnd } from "./attemptEnd.ts"
import { treeOf } from "./attemptSpec.ts"
import { foundSpawn } from "./foundSpawn.ts"
import { Supervisor } from "./Supervisor.ts"
import { Transitions } from "./Transitions.ts"

/** What agents have said is read, and their work trees are looked at, for so many at once. */
const concludedAtOnce = 8

/**
 * Recovers every attempt that the store calls running or stopping. What ended meanwhile is settled in one commit, with the
 * time of its record; the rest is taken over.
 */
export const recover = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const transitions = yield* Transitions
  const supervisor = yield* Supervisor
  const agents = yield* AgentAttempts
  const live = yield* store.inStatus(["running", "stopping"])
  const now = yield* Clock.currentTimeMillis
  const over: Array<{ readonly task: Task; readonly end: ReturnType<typeof attemptEnd> }> = []
  for (const task of live) {
    if (task.state.status !== "running") continue
    const found = inspectAttempt(treeOf(root, task).dir)
    if (found.kind === "alive" || found.kind === "unclaimed" || isToBeOpened(root, task)) continue
    over.push({ task, end: attemptEnd(found, now) })
  }
  const ended = yield* Effect.forEach(over, ({ task, end }) => Effect.map(agents.conclude(task, end), (whole) => ({ task, end: whole })), {
    concurrency: concludedAtOnce
  })
  const settled = new Set(ended.map(({ task }) => task.id))
  yield* Effect.forEach(
    live.filter((task) => !settled.has(task.id)),
    (task) => supervisor.takeOver(task)
  )
  const settle = transitions.commit((tx) =>
    Effect.forEach(ended, ({ task, end }) => tx.change(spawned(task, foundSpawn(root, task).startedAt), { type: "End", end }, recovery), { discard: true })
  )
  yield* Effect.catchTag(settle, "StoreError", () => Effect.andThen(store.makeRoom(0), settle))
})

/** An attempt whose folder was never made is still to be opened; where the whole task's folder is gone nothing is known. */
const isToBeOpened = (root: string, task: Task): boolean =>
  !existsSync(treeOf(root, task).dir) && existsSync(taskDir(root, task.id))
