/**
 * Snapshots of queues: their configuration, pause, running and queued tasks, and what admission
 * holds back.
 */
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import { type QueueCount, QueueStore } from "@backbeat/store/QueueStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { busyIn, slotsOf } from "./slots.ts"
import { Admission } from "./Admission.ts"
import type { QueueState } from "./QueueBlocker.ts"
import { Pauses } from "./Pauses.ts"
import { once } from "../wiring/once.ts"

/**
 * A queue with its counts. `waits` is true if a task in it could start now if nothing held it back.
 */
export interface CountedQueue {
  readonly state: QueueState
  readonly queued: number
  readonly waits: boolean
}

/**
 * Builds the snapshots of one queue and of all: the two built-in queues, configured or paused ones,
 * and those with live tasks.
 */
export const makeQueueSnapshot = once(
  Effect.gen(function* () {
    const tasks = yield* TaskStore
    const queues = yield* QueueStore
    const settings = yield* Settings
    const pauses = yield* Pauses
    const admission = yield* Admission

    /** The named queues, in their order. Reads once what they share. */
    const states = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
      const paused = yield* pauses.all
      const busy = yield* tasks.busy
      return names.map((queue): QueueState => ({
        queue,
        paused: paused.get(queue) ?? null,
        slots: slotsOf(settings.current(), queue),
        busy: busyIn(busy, queue),
        limitedBy: queue === agentsQueue ? admission.limitedBy() : null
      }))
    })

    const countedOf = Effect.fnUntraced(function* (
      names: ReadonlyArray<string>,
      counts: ReadonlyArray<QueueCount>
    ) {
      const now = yield* Clock.currentTimeMillis
      const queued = new Map(
        counts.flatMap(({ queue, status, count }) => (status === "queued" ? [[queue, count]] : []))
      )
      return yield* Effect.forEach(yield* states(names), (state) =>
        Effect.gen(function* () {
          const { queue } = state
          const count = queued.get(queue) ?? 0
          const waits = count > 0 && (yield* tasks.ready({ queue, now, limit: 1 })).length > 0
          return { state, queued: count, waits } satisfies CountedQueue
        })
      )
    })

    const all = Effect.gen(function* () {
      const counts = yield* queues.counts
      const named = [
        ...Object.keys(settings.current().queues),
        ...(yield* pauses.all).keys(),
        ...counts.map(({ queue }) => queue)
      ]
      return yield* countedOf(
        [...new Set([defaultQueue, agentsQueue, ...named.toSorted()])],
        counts
      )
    })

    return {
      /** The state of one queue. */
      stateOf: (queue: string) => Effect.flatMap(states([queue]), first),
      counted: (queue: string) =>
        Effect.flatMap(
          Effect.flatMap(queues.counts, (counts) => countedOf([queue], counts)),
          first
        ),
      all
    }
  })
)

const first = <A>([one]: ReadonlyArray<A>): Effect.Effect<A> =>
  one === undefined ? Effect.die("no queue was asked for") : Effect.succeed(one)
