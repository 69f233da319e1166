/**
 * Frees memory when the engine is idle, and ends it after a while without live tasks, due times and
 * open calls.
 */
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { Disk } from "@backbeat/store/Disk"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import { Settings } from "../configuration/Settings.ts"
import { Transitions } from "../commit/Transitions.ts"
import { Alarm } from "../alarm/Alarm.ts"
import { trimMemoryWhenIdle } from "../life/trimMemoryWhenIdle.ts"
import { Shutdown } from "../life/Shutdown.ts"
import { dueSources } from "./dueSources.ts"
import type { DueSource } from "./keepAggregatesDue.ts"

/** Counts open calls. */
export class Idleness extends Context.Service<
  Idleness,
  {
    /** A call has started; the returned function ends it. */
    readonly enter: () => () => void
    /** Whether the engine exits when it is idle: no service keeps it. */
    readonly exits: boolean
  }
>()("@backbeat/engine/Idleness") {}

/** How the engine frees memory when it is idle, and whether it exits some time later. */
interface IdlenessOptions {
  readonly freeMemory: Effect.Effect<void>
  readonly exits: boolean
}

const sources: ReadonlyArray<Pick<DueSource, "kind" | "isBusy">> = dueSources

const make = Effect.fnUntraced(function* ({ freeMemory, exits }: IdlenessOptions) {
  const store = yield* TaskStore
  const aggregates = yield* AggregateStore
  const disk = yield* Disk
  const settings = yield* Settings
  const alarm = yield* Alarm
  const shutdown = yield* Shutdown
  const transitions = yield* Transitions
  const run = yield* FiberSet.makeRuntime()
  const wake = yield* trimMemoryWhenIdle(Effect.andThen(Effect.ignore(disk.maintain), freeMemory))
  let open = 0

  /** Whether anything is due by itself, now or some day. */
  const isAwaited = Effect.map(
    Effect.forEach(dueSources, ({ kind }) => aggregates.nextDueAt(kind, Number.MIN_SAFE_INTEGER)),
    (times) => times.some((at) => at !== null)
  )

  /** Whether an aggregate needs a running engine, although no task is live and nothing is due. */
  const isBusy = Effect.gen(function* () {
    for (const { isBusy: isOneBusy } of sources)
      if (isOneBusy !== undefined && (yield* isOneBusy(aggregates))) return true
    return false
  })

  const endIfIdle = Effect.gen(function* () {
    if (!exits || open > 0 || (yield* store.liveCount) > 0 || (yield* isAwaited)) return
    if (yield* isBusy) return
    yield* shutdown.request("idle")
  }).pipe(Effect.ignore)

  const postpone = Effect.suspend(() =>
    alarm.after("idle", settings.current().idleExitMs, endIfIdle)
  )

  const enter = () => {
    wake()
    open++
    let entered = true
    return () => {
      if (!entered) return
      entered = false
      // The memory of the answer is garbage now.
      wake()
      open--
      if (open === 0) run(postpone)
    }
  }

  transitions.onCommit((commit, changed) => {
    wake()
    const hasEnded = commit.some(({ task }) => isFinal(task.state.status)) || changed.length > 0
    // The end of an open call postpones it.
    if (open === 0 && hasEnded) run(postpone)
  })
  yield* postpone

  return Idleness.of({ enter, exits })
})

/** The idleness of an engine. */
export const layerIdleness = (options: IdlenessOptions) => Layer.effect(Idleness, make(options))
