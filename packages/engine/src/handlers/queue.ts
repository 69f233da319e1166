/** Answers `queue`. */
import type { QueueAnswer } from "@backbeat/contract/operation/queue"
import * as operations from "@backbeat/contract/operation/queue"
import { agentsQueue } from "@backbeat/core/queue/queueNames"
import type { Pause } from "@backbeat/store/QueueStore"
import { QueueStore } from "@backbeat/store/QueueStore"
import * as Effect from "effect/Effect"
import { queueBlockers } from "../queue/QueueBlocker.ts"
import { Pauses } from "../queue/Pauses.ts"
import { type CountedQueue, makeQueueSnapshot } from "../queue/queueSnapshot.ts"
import { Transitions } from "../commit/Transitions.ts"
import { actorOf, type Handler, handle, toProblem } from "../call/Call.ts"
import { makeChangeConfiguration } from "./changeConfiguration.ts"
import { iso } from "../view/taskAnswer.ts"
import { actorName } from "../call/actorName.ts"

const admissionOf = (queue: string, concurrency: number | null): QueueAnswer["admission"] => {
  if (queue === agentsQueue) return "resources"
  return concurrency === null ? "all" : "slots"
}

const show = ({ state, queued, waits }: CountedQueue): QueueAnswer => {
  const { queue, paused, slots, busy } = state
  const concurrency = Number.isFinite(slots) ? slots : null
  const [blocker] = waits ? queueBlockers(state, (pause) => actorName(pause.actor)) : []
  return {
    queue,
    paused:
      paused === null ? null : { at: iso(paused.at), by: paused.actor, reason: paused.reason },
    concurrency,
    admission: admissionOf(queue, concurrency),
    queued,
    running: busy,
    held: blocker === undefined ? null : { because: blocker.because, message: blocker.message }
  }
}

/** The handlers of `queue`. */
export const makeQueueHandlers = Effect.gen(function* () {
  const store = yield* QueueStore
  const pauses = yield* Pauses
  const transitions = yield* Transitions
  const snapshot = yield* makeQueueSnapshot
  const { set } = yield* makeChangeConfiguration

  const one = (queue: string) =>
    Effect.map(snapshot.counted(queue), (counted) => ({ queue: show(counted) }))

  const pause = (queue: string, asked: Omit<Pause, "at">) =>
    pauses.changing(transitions.commit((tx) => store.pause(queue, { ...asked, at: tx.now })))

  /** Queued tasks start in the commit that ends the pause. */
  const resume = (queue: string) =>
    transitions.commit((tx) => Effect.tap(store.resume(queue), () => Effect.sync(tx.fillSlots)))

  const handlers: ReadonlyArray<Handler> = [
    handle(operations.queueList, () =>
      Effect.mapError(
        Effect.map(snapshot.all, (queues) => ({ queues: queues.map(show) })),
        toProblem
      )
    ),
    handle(operations.queuePause, ({ queue, reason }, call) =>
      Effect.mapError(
        Effect.andThen(pause(queue, { actor: actorOf(call), reason: reason ?? null }), one(queue)),
        toProblem
      )
    ),
    handle(operations.queueResume, ({ queue }) =>
      Effect.mapError(Effect.andThen(pauses.changing(resume(queue)), one(queue)), toProblem)
    ),
    handle(operations.queueSet, ({ queue, concurrency }) =>
      Effect.mapError(
        Effect.andThen(set(["queues", queue, "concurrency"], concurrency ?? undefined), one(queue)),
        toProblem
      )
    )
  ]
  return handlers
})
