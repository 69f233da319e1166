/**
 * Probes the readiness and health of running tasks. This is the only place that polls, because a
 * probe asks for it.
 */
import { describeProbe, type Probe, probeTiming } from "@backbeat/core/task/Probe"
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { homeVariables } from "../home/homeId.ts"
import { Home } from "../home/Home.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { isEndRecorded, type MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { steadyNow } from "../alarm/steadyNow.ts"
import { persistently } from "../alarm/persistently.ts"
import { Reports } from "../commit/Reports.ts"
import { ask, type Question, type CommandContext } from "./ask.ts"
import { ready, readyLate } from "./readiness.ts"

/** Starts the probes of an attempt. They stop when it ends. */
export class Probes extends Context.Service<
  Probes,
  { readonly begin: (task: Task, live: MonitoredAttempt) => Effect.Effect<void> }
>()("@backbeat/engine/Probes") {}

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const reports = yield* Reports
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context<never>())

  /**
   * Returns true if the task was ready in time. Otherwise its limit is reached, or it has ended.
   */
  const awaitReady = Effect.fnUntraced(function* (
    probe: Probe,
    task: Task,
    live: MonitoredAttempt
  ) {
    const last = { output: "no answer yet" }
    const asking = {
      probe,
      live,
      last,
      tree: treeOf(root, task),
      context: contextOf(task)
    }
    const begun = live.startedMonotonicMs ?? (yield* steadyNow)
    const leftMs = begun + probeTiming(probe).startupTimeoutMs - (yield* steadyNow)
    const inTime = yield* Effect.timeoutOption(ready(asking), Math.max(0, leftMs))
    if (inTime._tag === "Some" || (yield* readyLate(asking))) {
      yield* reports.report(live, { type: "ReportReady" })
      return true
    }
    if (isEndRecorded(live)) return false
    const withinMs = probeTiming(probe).startupTimeoutMs
    const failure = {
      type: "NotReady",
      probe: describeProbe(probe),
      output: last.output,
      withinMs,
      ...(probe.startupTimeoutMs === undefined ? { from: "the default" } : {})
    } as const
    const elapsedMs = Math.max(withinMs, (yield* steadyNow) - begun)
    yield* reports.report(live, { type: "Limit", failure, elapsedMs })
    return false
  })

  const contextOf = (task: Task): CommandContext => ({
    cwd: task.spec.cwd,
    env: { ...readEnvironment(root, task), ...homeVariables(root), BACKBEAT_TASK_ID: task.id }
  })

  /** Reports changes of health. Reporting an unchanged health would commit nothing. */
  const watchHealth = Effect.fnUntraced(function* (
    probe: Question,
    task: Task,
    live: MonitoredAttempt
  ) {
    const { failureThreshold, intervalMs } = probeTiming(probe)
    let isHealthy = task.state.status !== "running" || task.state.health !== "unhealthy"
    for (let failures = 0; ;) {
      const answer = yield* ask(probe, contextOf(task))
      failures = answer === null ? 0 : failures + 1
      if (answer === null && !isHealthy) yield* reports.report(live, { type: "ReportReady" })
      if (answer !== null && isHealthy && failures >= failureThreshold)
        yield* reports.report(live, { type: "ReportUnhealthy", output: answer })
      if (answer === null || failures >= failureThreshold) isHealthy = answer === null
      yield* Effect.sleep(intervalMs)
    }
  })

  const probed = Effect.fnUntraced(function* (task: Task, live: MonitoredAttempt) {
    const { readyWhen, healthProbe } = task.spec
    const first = readyWhen ?? healthProbe
    const known = task.state.status === "running" && task.state.health !== "starting"
    if (first !== null && !known && !(yield* awaitReady(first, task, live))) return
    if (healthProbe !== null) yield* watchHealth(healthProbe, task, live)
  })

  return Probes.of({
    begin: (task, live) => {
      if (
        task.state.status !== "running" ||
        (task.spec.readyWhen ?? task.spec.healthProbe) === null
      )
        return Effect.void
      return Effect.map(
        Effect.forkIn(persistently(`probing ${task.id}`, probed(task, live)), scope),
        (fiber) => {
          live.finalizers.push(() => void run(Fiber.interrupt(fiber)))
        }
      )
    }
  })
})

/** Probes that report on attempts. */
export const layerProbes = Layer.effect(Probes, make)
