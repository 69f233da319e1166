/**
 * Explains a running task at this moment: its processes, their resource use, and how long it has
 * been silent.
 */
import type { Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import * as Effect from "effect/Effect"
import { steadyMs } from "../system/time.ts"
import { statSync } from "../system/files.ts"
import { defaults } from "../configuration/configuration.ts"
import { Home } from "../home/Home.ts"
import { lastLinesOf } from "../output/lastLinesOf.ts"
import { outputPath, outputStreams } from "../output/OutputStream.ts"
import { describeProcess } from "../process/describeProcess.ts"
import { isShim } from "../process/isShim.ts"
import { look } from "../process/look.ts"
import { usageOf } from "../process/usageOf.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { iso } from "./taskAnswer.ts"

type Running = NonNullable<Output<"why">["running"]>

/** The source of a limit that the caller gave. */
const byTask = "the task"

const maxShown = 10
/** The interval (ms) between two readings of the resource use. */
const betweenReadingsMs = 100

/** When an attempt last wrote output (epoch ms); null if it has written none. */
const lastOutputAt = (dir: string): number | null => {
  const stats = outputStreams.map((stream) =>
    statSync(outputPath(dir, stream), { throwIfNoEntry: false })
  )
  const times = stats.flatMap((stat) =>
    stat === undefined || stat.size === 0 ? [] : [stat.mtimeMs]
  )
  return times.length === 0 ? null : Math.floor(Math.max(...times))
}

/** The resource use of the attempt. CPU counts processes that both readings saw. */
const usageBetween = Effect.fnUntraced(function* (pids: ReadonlyArray<number>) {
  const before = usageOf(pids)
  const beganAt = steadyMs()
  yield* Effect.sleep(betweenReadingsMs)
  const after = usageOf(pids)
  const tookMs = steadyMs() - beganAt
  if (before === null || after === null) return {}
  let usedMs = 0
  for (const [pid, { cpuMs }] of after)
    usedMs += Math.max(0, cpuMs - (before.get(pid)?.cpuMs ?? cpuMs))
  const memoryBytes = [...after.values()].reduce((sum, each) => sum + each.memoryBytes, 0)
  return { cpuPercent: Math.round((usedMs / tookMs) * 100), memoryBytes }
})

/** The limits of the task, and where each is set. */
const limitsOf = (spec: TaskSpec) => {
  const { stallTimeoutMs, timeout, timeoutFrom = byTask } = spec
  const { maxOutputBytes, maxOutputBytesFrom = byTask } = spec
  const isDefault = maxOutputBytes === defaults.maxOutputBytes
  return {
    ...(timeout === null ? {} : { timeoutMs: timeout, timeoutFrom }),
    ...(stallTimeoutMs === null ? {} : { stallTimeoutMs, stallTimeoutFrom: byTask }),
    ...(isDefault ? {} : { maxOutputBytes, maxOutputBytesFrom })
  }
}

/** Builds the explanation of a running or stopping task; null for others. */
export const makeWhyRunning = Effect.gen(function* () {
  const { root } = yield* Home
  const monitored = yield* MonitoredAttempts

  return Effect.fnUntraced(function* (task: Task) {
    const live = monitored.find(task.id)
    if ((task.state.status !== "running" && task.state.status !== "stopping") || live === null)
      return null
    const found = yield* look(treeOf(root, task))
    const processes = found
      .map(({ identity: { pid } }) => pid)
      .filter((pid) => pid !== live.pid && !isShim(pid))
    const silentSince = lastOutputAt(live.dir)
    const lastLine = (yield* lastLinesOf(live.readable.dir, 1)).at(-1)
    const running: Running = {
      ...(live.startedAt === null ? {} : { startedAt: iso(live.startedAt) }),
      ...(silentSince === null ? {} : { silentSince: iso(silentSince) }),
      ...(lastLine === undefined ? {} : { lastLine }),
      processes: processes.slice(0, maxShown).map((pid) => describeProcess(pid)),
      ...(processes.length > maxShown ? { processesMore: processes.length - maxShown } : {}),
      ...(yield* usageBetween(processes)),
      ...limitsOf(task.spec)
    }
    return running
  })
})
