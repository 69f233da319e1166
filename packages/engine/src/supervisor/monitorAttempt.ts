/** Monitors a running attempt: its output, deadlines, probes and notifications. */
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AgentAttempts } from "../agent/AgentAttempts.ts"
import { readableDir } from "../output/readableDir.ts"
import { Home } from "../home/Home.ts"
import { Notifications } from "../notify/Notifications.ts"
import { type OutputWatch, watchOutput, watchOutputLater } from "../output/Growth.ts"
import { rotate } from "../output/rotate.ts"
import type { HeldPort } from "../process/heldPort.ts"
import { Probes } from "../probe/Probes.ts"
import { steadyNow } from "../alarm/steadyNow.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { Deadlines } from "./Deadlines.ts"
import type { Spawn } from "../attempt/foundSpawn.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Reports } from "../commit/Reports.ts"
import { once } from "../wiring/once.ts"

/** Builds the function that monitors an attempt. */
export const makeMonitorAttempt = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const monitored = yield* MonitoredAttempts
    const deadlines = yield* Deadlines
    const probes = yield* Probes
    const notices = yield* Notifications
    const agents = yield* AgentAttempts
    const reports = yield* Reports

    /** Converts the events of an agent as they come, and watches their text like any output. */
    const readableOf = (task: Task, dir: string, output: OutputWatch) => {
      const key = { id: task.id, attempt: task.state.attempt }
      const followed = agents.follow(task, output, reports.report(key, { type: "Finish" }))
      if (followed === null)
        return { readable: { dir, watch: output }, finalizers: [], hasResult: () => false }
      const own = readableDir(root, task, task.state.attempt)
      const watch = watchOutput(own, { onGrowth: () => {} })
      // Standard error is the same file in both folders, but only the folder in which it was opened
      // has events of it.
      const unsubscribe = output.subscribe(() => void watch.sampleNow())
      return {
        readable: { dir: own, watch },
        finalizers: [unsubscribe, followed.release, () => watch.close()],
        hasResult: followed.hasResult
      }
    }

    const monitorAttempt = Effect.fnUntraced(function* (
      task: Task,
      { pid, startedAt }: Spawn,
      held: HeldPort | null = null
    ) {
      const { dir } = treeOf(root, task)
      const { maxOutputBytes } = task.spec
      const output = watchOutputLater(dir, {
        boundBytes: maxOutputBytes,
        onGrowth: ({ stdoutBytes, stderrBytes }) => {
          if (Math.max(stdoutBytes, stderrBytes) > maxOutputBytes) rotate({ dir, maxOutputBytes })
        }
      })
      const stopping = task.state.status === "stopping"
      const steady = yield* steadyNow
      const elapsedMs = startedAt === null ? null : (yield* Clock.currentTimeMillis) - startedAt
      const { hasResult, readable, finalizers } = readableOf(task, dir, output)
      monitored.add({
        id: task.id,
        attempt: task.state.attempt,
        dir,
        pid,
        startedAt,
        // For an attempt that an earlier engine spawned, the elapsed time comes from the wall clock: at least 0.
        startedMonotonicMs: elapsedMs === null ? null : steady - Math.max(0, elapsedMs),
        held,
        output,
        readable,
        stopping,
        isEndKnown: false,
        hasResult,
        finalizers
      })
      const live = monitored.find(task.id)
      if (live === null) return
      yield* deadlines.set(task, live)
      yield* probes.begin(task, live)
      yield* notices.begin(task, live)
    })

    return monitorAttempt
  })
)
