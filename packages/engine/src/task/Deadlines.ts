/** The instants at which something of a running attempt is due: its timeout, and the silence that is too long. */
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { Alarm } from "../time/Alarm.ts"
import { isOver, type LiveAttempt } from "./LiveAttempts.ts"
import { Reports } from "./Reports.ts"
import { statIfThere } from "../statIfThere.ts"

/** Sets and clears the deadlines of a task's attempt. They follow from stored facts, so a later engine sets the same. */
export class Deadlines extends Context.Service<
  Deadlines,
  {
    /** Of an attempt that was not spawned no limit counts. */
    readonly set: (task: Task, live: LiveAttempt) => Effect.Effect<void>
    readonly clear: (id: string) => Effect.Effect<void>
  }
>()("@backbeat/engine/Deadlines") {}

const lastOutputAt = (dir: string): number =>
  Math.max(
    ...["stdout.log", "stderr.log"].map((name) => statIfThere(join(dir, name))?.mtimeMs ?? 0)
  )

const make = Effect.gen(function* () {
  const alarm = yield* Alarm
  const reports = yield* Reports

  const setTimeLimit = (task: Task, live: LiveAttempt, startedAt: number): Effect.Effect<void> => {
    const { timeout, timeoutFrom: from } = task.spec
    if (timeout === null) return Effect.void
    const due = Effect.gen(function* () {
      if (isOver(live)) return
      // The clock was set back.
      if ((yield* Clock.currentTimeMillis) < startedAt + timeout)
        return yield* setTimeLimit(task, live, startedAt)
      yield* reports.report(live, {
        type: "Limit",
        failure: { type: "TimedOut", timeout, ...(from === undefined ? {} : { from }) }
      })
    })
    return alarm.set(`timeout ${task.id}`, startedAt + timeout, due)
  }

  // Output is not watched for this: when the silence would be too long, the files' times tell whether it was one.
  const setStallLimit = (
    task: Task,
    live: LiveAttempt,
    silentSince: number
  ): Effect.Effect<void> => {
    const { stallTimeoutMs } = task.spec
    if (stallTimeoutMs === null) return Effect.void
    const due = Effect.gen(function* () {
      if (isOver(live)) return
      const now = yield* Clock.currentTimeMillis
      const outputAt = Math.max(silentSince, Math.min(lastOutputAt(live.dir), now))
      if (now < outputAt + stallTimeoutMs) return yield* setStallLimit(task, live, outputAt)
      yield* reports.report(live, {
        type: "Limit",
        failure: { type: "StalledOutput", stallTimeout: stallTimeoutMs }
      })
    })
    return alarm.set(`stall ${task.id}`, silentSince + stallTimeoutMs, due)
  }

  return Deadlines.of({
    set: (task, live) => {
      const { dir, startedAt } = live
      if (task.state.status !== "running" || startedAt === null) return Effect.void
      return Effect.andThen(
        setTimeLimit(task, live, startedAt),
        Effect.suspend(() => setStallLimit(task, live, Math.max(startedAt, lastOutputAt(dir))))
      )
    },
    clear: (id) => Effect.andThen(alarm.clear(`timeout ${id}`), alarm.clear(`stall ${id}`))
  })
})

/** Deadlines on the engine's alarm. */
export const layerDeadlines = Layer.effect(Deadlines, make)
