/** Watches over the readiness and health of running tasks: the one place that asks again and again, because it was told to. */
import { describeProbe, type Probe, probeTiming } from "@backbeat/core/task/Probe"
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { homeVariables } from "../home/homeId.ts"
import { Home } from "../home/Home.ts"
import { readEnvironment } from "../home/KeptEnvironment.ts"
import { follow } from "../output/follow.ts"
import { restMs } from "../output/Rest.ts"
import type { LiveAttempt } from "../task/LiveAttempts.ts"
import { Reports } from "../task/Reports.ts"
import { ask, type Question, type Surroundings } from "./ask.ts"

/** Begins the probes of an attempt; they end with it. */
export class Probes extends Context.Service<
  Probes,
  { readonly begin: (task: Task, live: LiveAttempt) => Effect.Effect<void> }
>()("@backbeat/engine/Probes") {}

/** Ends when a line of the output matches. */
const heard = (pattern: string, { attempt, readable }: LiveAttempt): Effect.Effect<void> =>
  Effect.ignore(
    Stream.runDrain(
      Stream.take(follow({ attempt, ...readable, ended: Effect.never, grep: pattern, hurried: true, restMs }), 1)
    )
  )

/** Ends at the first right answer; `last` keeps what came instead. */
const answered = (question: Question, surroundings: Surroundings, last: { output: string }): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (;;) {
      const answer = yield* ask(question, surroundings)
      if (answer === null) return
      last.output = answer
      yield* Effect.sleep(probeTiming(question).intervalMs)
    }
  })

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const reports = yield* Reports
  const scope = yield* Effect.scope

  /** True when ready in time; otherwise the attempt has reached its limit. */
  const awaitReady = Effect.fnUntraced(function* (probe: Probe, task: Task, live: LiveAttempt) {
    const last = { output: "no answer yet" }
    const once =
      "log" in probe ? heard(probe.log, live) : answered(probe, surroundingsOf(task), last)
    const now = yield* Clock.currentTimeMillis
    const leftMs = (live.startedAt ?? now) + probeTiming(probe).startupTimeoutMs - now
    const ready = yield* Effect.timeoutOption(once, Math.max(0, leftMs))
    if (ready._tag === "Some") {
      yield* reports.report(live, { type: "ReportReady" })
      return true
    }
    const failure = { type: "NotReady", probe: describeProbe(probe), output: last.output } as const
    yield* reports.report(live, { type: "Limit", failure })
    return false
  })

  const surroundingsOf = (task: Task): Surroundings => ({
    cwd: task.spec.cwd,
    env: { ...readEnvironment(root, task), ...homeVariables(root), BACKBEAT_TASK_ID: task.id }
  })

  const watchHealth = Effect.fnUntraced(function* (probe: Question, task: Task, live: LiveAttempt) {
    const { failureThreshold, intervalMs } = probeTiming(probe)
    for (let failures = 0; ; ) {
      const answer = yield* ask(probe, surroundingsOf(task))
      failures = answer === null ? 0 : failures + 1
      if (answer === null) yield* reports.report(live, { type: "ReportReady" })
      if (failures >= failureThreshold) yield* reports.report(live, { type: "ReportUnhealthy", output: answer ?? "" })
      yield* Effect.sleep(intervalMs)
    }
  })

  const probed = Effect.fnUntraced(function* (task: Task, live: LiveAttempt) {
    const { readyWhen, healthProbe } = task.spec
    const first = readyWhen ?? healthProbe
    const known = task.state.status === "running" && task.state.health !== "starting"
    if (first !== null && !known && !(yield* awaitReady(first, task, live))) return
    if (healthProbe !== null) yield* watchHealth(healthProbe, task, live)
  })

  return Probes.of({
    begin: (task, live) => {
      if (task.state.status !== "running" || (task.spec.readyWhen ?? task.spec.healthProbe) === null) return Effect.void
      return Effect.map(Effect.forkIn(probed(task, live), scope), (fiber) => {
        live.releases.push(() => void Effect.runFork(Fiber.interrupt(fiber)))
      })
    }
  })
})

/** Probes that report on attempts. */
export const layerProbes = Layer.effect(Probes, make)
