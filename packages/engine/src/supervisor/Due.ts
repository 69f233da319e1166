/** Starts what becomes due by time: delayed starts, and the next attempts of the restart policy. */
import { engine } from "@backbeat/core/history/Actor"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Alarm } from "../alarm/Alarm.ts"
import { Delays } from "../attempt/Delays.ts"
import { leftMs } from "../attempt/durations.ts"
import { Transitions } from "../commit/Transitions.ts"
import type { FullTx } from "../commit/CommitRules.ts"

/** The delay (ms) before a failed commit is retried. */
const storeRetryMs = 5000

const isAwaited = ({ state }: Task): boolean =>
  state.status === "retrying" || (state.status === "queued" && state.notBefore !== null)

/**
 * What to do with a task whose time has come. Its delay has passed even if the wall clock was set
 * back.
 */
const ripen = (tx: FullTx, task: Task) => {
  const { state } = task
  // A task whose instant has come does not change: it may now start.
  tx.fillSlots()
  if (state.status === "retrying") return tx.change(task, { type: "Retry" }, engine)
  return state.status === "queued" && state.notBefore !== null && state.notBefore > tx.now
    ? tx.change(task, { type: "EndDelay" }, engine)
    : Effect.succeed(task)
}

/** Sets the alarm for every task that waits for a time, until the scope ends. */
export const keepDue = Effect.gen(function* () {
  const store = yield* TaskStore
  const transitions = yield* Transitions
  const alarm = yield* Alarm
  const delays = yield* Delays
  const run = yield* FiberSet.makeRuntime()
  const awaited = new Set<string>()
  const ripe = new Set<string>()

  /** Starts everything that is due, in one commit. */
  const advance: Effect.Effect<void> = Effect.gen(function* () {
    // Includes what became due in the same moment.
    yield* Effect.yieldNow
    const ids = [...ripe]
    ripe.clear()
    if (ids.length === 0) return
    const commit = transitions.commit((tx) =>
      Effect.forEach(
        ids,
        (id) =>
          Effect.flatMap(store.find(id), (task) =>
            task === null
              ? Effect.void
              : Effect.catchTag(Effect.asVoid(ripen(tx, task)), "IllegalTransition", Effect.die)
          ),
        { discard: true }
      )
    )
    yield* Effect.catch(commit, (error) => {
      for (const id of ids) ripe.add(id)
      return Effect.andThen(
        Effect.logError(`what is due could not be opened: ${error.message}`),
        alarm.after("due", storeRetryMs, advance)
      )
    })
  })

  const ring = (id: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      delays.end(id)
      ripe.add(id)
      return advance
    })

  /** Sets or clears the alarm of a task, at an instant (epoch ms). */
  const awaitTime = (task: Task, now: number): Effect.Effect<void> => {
    const { id, state, spec } = task
    const key = `due ${id}`
    delays.end(id)
    if (state.status === "retrying") {
      awaited.add(id)
      return alarm.after(key, leftMs(state.end.endedAt, state.retryAt, now), ring(id))
    }
    if (state.status === "queued" && state.notBefore !== null) {
      awaited.add(id)
      if (state.notBefore === spec.notBefore) return alarm.at(key, state.notBefore, ring(id))
      delays.begin(id)
      return alarm.after(key, leftMs(state.since, state.notBefore, now), ring(id))
    }
    awaited.delete(id)
    return alarm.clear(key)
  }

  transitions.onCommit((commit) => {
    for (const { task, recorded } of commit) {
      if (isAwaited(task) || awaited.has(task.id)) run(awaitTime(task, recorded.at))
    }
  })
  const now = yield* Clock.currentTimeMillis
  yield* Effect.forEach(yield* store.awaitingTime, (task) => awaitTime(task, now), {
    discard: true
  })
})
