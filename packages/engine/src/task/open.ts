/** Opens the attempt of a task that was just started, or takes over one that an earlier engine opened. */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { rmSync } from "node:fs"
import { attemptDir, Home } from "../home/Home.ts"
import { Settings } from "../home/Settings.ts"
import { watchOutput } from "../output/Growth.ts"
import { rotate } from "../output/rotate.ts"
import { Notices } from "../notify/Notices.ts"
import { Probes } from "../probe/Probes.ts"
import type { AttemptEnd as FoundEnd } from "../process/inspectAttempt.ts"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { openAttempt } from "../process/openAttempt.ts"
import { remains } from "../process/remains.ts"
import { stopTree } from "../process/stopTree.ts"
import { watchEnd } from "../process/watchEnd.ts"
import { attemptEnd } from "./attemptEnd.ts"
import { attemptSpec, treeOf } from "./attemptSpec.ts"
import { Deadlines } from "./Deadlines.ts"
import { LiveAttempts } from "./LiveAttempts.ts"
import { Reports } from "./Reports.ts"

/** What opening needs: made once, because the callbacks of processes run outside of any effect. */
export const makeOpen = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const lives = yield* LiveAttempts
  const deadlines = yield* Deadlines
  const probes = yield* Probes
  const notices = yield* Notices
  const reports = yield* Reports
  const store = yield* TaskStore
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context())

  const settle = (task: Task, end: AttemptEnd): Effect.Effect<void> =>
    reports.report({ id: task.id, attempt: task.state.attempt }, { type: "End", end })

  /** A stopping attempt is settled by its stop, which also waits for what the leader left behind. */
  const onEnd = (task: Task) => (found: FoundEnd) => {
    run(
      Effect.gen(function* () {
        if (lives.find(task.id)?.stopping === true) return
        yield* settle(task, attemptEnd(found, yield* Clock.currentTimeMillis))
      })
    )
  }

  const lookAfter = Effect.fnUntraced(function* (task: Task, pid: number | null) {
    const { dir } = treeOf(root, task)
    const { maxOutputBytes } = task.spec
    const output = watchOutput(dir, {
      onGrowth: ({ stdoutBytes, stderrBytes }) => {
        if (Math.max(stdoutBytes, stderrBytes) > maxOutputBytes) rotate({ dir, maxOutputBytes })
      }
    })
    const attempt = task.state.attempt
    const live = { id: task.id, attempt, dir, pid, output, stopping: task.state.status === "stopping", releases: [] }
    lives.add(live)
    yield* deadlines.set(task, dir)
    yield* probes.begin(task, live)
    yield* notices.begin(task, live)
  })

  const adopt = Effect.fnUntraced(function* (task: Task) {
    const { dir } = treeOf(root, task)
    const state = inspectAttempt(dir)
    yield* lookAfter(task, state.kind === "alive" ? (state.identity?.pid ?? null) : null)
    const cancel = watchEnd(dir, onEnd(task))
    lives.find(task.id)?.releases.push(cancel)
  })


  const notSpawned = (task: Task, message: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => settle(task, attemptEnd({ kind: "notSpawned", message }, now)))

  const openClean = Effect.fnUntraced(function* (task: Task) {
    const dropped = task.state.attempt - settings.current().logRetentionPerJob
    if (dropped > 0) rmSync(attemptDir(root, task.id, dropped), { recursive: true, force: true })
    const spec = yield* Effect.try({
      try: () => attemptSpec(root, task),
      catch: (thrown) => (thrown instanceof Error ? thrown.message : String(thrown))
    }).pipe(Effect.result)
    if (spec._tag === "Failure") return yield* notSpawned(task, spec.failure)
    if (spec.success === null) return yield* notSpawned(task, "its environment was forgotten (forgetEnv)")
    const opened = openAttempt({ ...spec.success, onExit: onEnd(task) })
    if (opened.kind === "opened") return yield* lookAfter(task, opened.pid)
    if (opened.kind === "claimed") return yield* adopt(task)
    yield* notSpawned(task, opened.message)
  })

  /** What the last attempt left running when it ended would be a second copy beside this one: it is stopped before. */
  const open = Effect.fnUntraced(function* (task: Task) {
    const last = treeOf(root, task, task.state.attempt - 1)
    if (task.state.attempt === 1 || remains(last).length === 0) return yield* openClean(task)
    const killAt = (yield* Clock.currentTimeMillis) + task.spec.gracePeriodMs
    const cleared = stopTree(last, { stopSignal: task.spec.stopSignal, killAt })
    yield* Effect.forkIn(Effect.andThen(cleared, openIfStarted(task)), scope)
  })

  const openIfStarted = Effect.fnUntraced(function* (task: Task) {
    const now = yield* Effect.option(store.find(task.id))
    const state = now._tag === "Some" ? now.value?.state : undefined
    if (state?.status === "running" && state.attempt === task.state.attempt) yield* openClean(task)
  })

  return { open, lookAfter }
})
