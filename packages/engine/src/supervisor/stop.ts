/**
 * Stops the attempt of a stopping task, or the leftover processes of an earlier one, and settles it
 * when no process is alive.
 */
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AgentAttempts } from "../agent/AgentAttempts.ts"
import { Home } from "../home/Home.ts"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { stopTree } from "../process/stopTree.ts"
import { stoppedEnd } from "../attempt/attemptEnd.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { leftMs, measured } from "../attempt/durations.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Reports } from "../commit/Reports.ts"
import { Stops } from "../attempt/Stops.ts"

/** Builds the stop. It may be interrupted and started again, also by a later engine. */
export const makeStop = Effect.gen(function* () {
  const { root } = yield* Home
  const monitored = yield* MonitoredAttempts
  const reports = yield* Reports
  const agents = yield* AgentAttempts
  const stops = yield* Stops

  return Effect.fnUntraced(function* (task: Task) {
    if (task.state.status !== "stopping") return
    const { attempt, ended, killAt, signal, since } = task.state
    const live = monitored.find(task.id)
    if (live !== null) live.stopping = true
    const tree = treeOf(root, task, ended === undefined ? attempt : lastAttempt(task.state))
    stops.begin(task.id)
    const stopped = yield* stopTree(tree, {
      stopSignal: signal,
      graceMs: leftMs(since, killAt, yield* Clock.currentTimeMillis),
      onStuck: (stuck) => stops.markStuck(task.id, stuck)
    })
    stops.finish(task.id, stopped)
    const seen = stopped.endedCount === 0 ? {} : { stopped }
    const found = stoppedEnd(inspectAttempt(tree.dir), yield* Clock.currentTimeMillis)
    const end = { ...found, ...seen }
    const whole =
      ended === undefined ? yield* agents.addOutcome(task, yield* measured(end, live)) : end
    yield* reports.report({ id: task.id, attempt, byStop: true }, { type: "End", end: whole })
  })
})
