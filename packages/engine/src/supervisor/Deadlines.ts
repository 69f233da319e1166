/** The time limits of a running attempt: its timeout and its stall timeout. */
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { Alarm } from "../alarm/Alarm.ts"
import { steadyNow } from "../alarm/steadyNow.ts"
import { isEndRecorded, type MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { Reports } from "../commit/Reports.ts"
import { statIfThere } from "../process/statIfThere.ts"

/**
 * Sets and clears the deadlines of a task's attempt. They follow from stored facts, so a later
 * engine sets the same ones.
 */
export class Deadlines extends Context.Service<
  Deadlines,
  {
    /** No limit counts for an attempt that was not spawned. */
    readonly set: (task: Task, live: MonitoredAttempt) => Effect.Effect<void>
    readonly clear: (id: string) => Effect.Effect<void>
  }
>()("@backbeat/engine/Deadlines") {}

const lastOutputAt = (dir: string): number =>
  Math.max(
    ...["stdout.log", "stderr.log"].map((name) => statIfThere(join(dir, name))?.mtimeMs ?? 0)
  )

/**
 * The last known output: when it was detected (monotonic ms), and the time of its file (epoch ms),
 * which only distinguishes it from later output.
 */
interface Heard {
  readonly at: number
  readonly fileAt: number
}

/** The output after `before`: if the file has changed, it came since the last check. */
const hear = (dir: string, before: Heard, steady: number, now: number): Heard => {
  const fileAt = lastOutputAt(dir)
  if (fileAt === before.fileAt) return before
  return { at: Math.max(before.at, steady - Math.max(0, now - fileAt)), fileAt }
}

const make = Effect.gen(function* () {
  const alarm = yield* Alarm
  const reports = yield* Reports

  const setTimeLimit = (task: Task, live: MonitoredAttempt, begun: number): Effect.Effect<void> => {
    const { timeout, timeoutFrom: from } = task.spec
    if (timeout === null) return Effect.void
    const due = Effect.gen(function* () {
      if (isEndRecorded(live)) return
      yield* reports.report(live, {
        type: "Limit",
        failure: { type: "TimedOut", timeout, ...(from === undefined ? {} : { from }) },
        elapsedMs: (yield* steadyNow) - begun
      })
    })
    return Effect.flatMap(steadyNow, (now) =>
      alarm.after(`timeout ${task.id}`, Math.max(0, begun + timeout - now), due)
    )
  }

  // Output is not watched for this. When the stall timeout would be reached, the times of the files
  // show whether output came.
  const setStallLimit = (task: Task, live: MonitoredAttempt, heard: Heard): Effect.Effect<void> => {
    const { stallTimeoutMs } = task.spec
    if (stallTimeoutMs === null) return Effect.void
    const due = Effect.gen(function* () {
      if (isEndRecorded(live)) return
      const steady = yield* steadyNow
      const latest = hear(live.dir, heard, steady, yield* Clock.currentTimeMillis)
      if (steady < latest.at + stallTimeoutMs) return yield* setStallLimit(task, live, latest)
      yield* reports.report(live, {
        type: "Limit",
        failure: { type: "StalledOutput", stallTimeout: stallTimeoutMs },
        elapsedMs: steady - latest.at
      })
    })
    return Effect.flatMap(steadyNow, (now) =>
      alarm.after(`stall ${task.id}`, Math.max(0, heard.at + stallTimeoutMs - now), due)
    )
  }

  return Deadlines.of({
    set: (task, live) => {
      const { startedMonotonicMs: begun } = live
      const { stallTimeoutMs, timeout } = task.spec
      const isUnlimited = timeout === null && stallTimeoutMs === null
      if (task.state.status !== "running" || begun === null || isUnlimited) return Effect.void
      return Effect.gen(function* () {
        yield* setTimeLimit(task, live, begun)
        if (stallTimeoutMs === null) return
        const unheard = { at: begun, fileAt: 0 }
        const heard = hear(live.dir, unheard, yield* steadyNow, yield* Clock.currentTimeMillis)
        yield* setStallLimit(task, live, heard)
      })
    },
    clear: (id) => Effect.andThen(alarm.clear(`timeout ${id}`), alarm.clear(`stall ${id}`))
  })
})

/** Deadlines on the engine's alarm. */
export const layerDeadlines = Layer.effect(Deadlines, make)
