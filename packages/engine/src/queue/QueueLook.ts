/** Queues as they stand: what is configured, what is paused, what runs and waits, what admission holds back. */
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import { type QueueCount, QueueStore } from "@backbeat/store/QueueStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { busyIn, slotsOf } from "./slots.ts"
import { Admission } from "./Admission.ts"
import type { Standing } from "./Hold.ts"
import { Pauses } from "./Pauses.ts"
import { once } from "../wiring/once.ts"

/** A queue with its counts; `waits` says whether something in it could start now if nothing held it back. */
export interface CountedQueue {
  readonly standing: Standing
  readonly queued: number
  readonly waits: boolean
}

/** Gives the looks at one queue and at all there are: the two that always are, those configured or paused, those with live tasks. */
export const makeQueueLook = once(
  Effect.gen(function* () {
    const tasks = yield* TaskStore
    const queues = yield* QueueStore
    const settings = yield* Settings
    const pauses = yield* Pauses
    const admission = yield* Admission

    /** The named queues, in their order, after one look at what they share. */
    const standings = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
      const paused = yield* pauses.all
      const busy = yield* tasks.busy
      return names.map((queue): Standing => ({
        queue,
        paused: paused.get(queue) ?? null,
        slots: slotsOf(settings.current(), queue),
        busy: busyIn(busy, queue),
        held: queue === agentsQueue ? admission.held() : null
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
      return yield* Effect.forEach(yield* standings(names), (standing) =>
        Effect.gen(function* () {
          const { queue } = standing
          const count = queued.get(queue) ?? 0
          const waits = count > 0 && (yield* tasks.ready({ queue, now, limit: 1 })).length > 0
          return { standing, queued: count, waits } satisfies CountedQueue
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
      /** What decides on the tasks of one queue. */
      standingOf: (queue: string) => Effect.flatMap(standings([queue]), first),
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
