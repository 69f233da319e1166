/**
 * Acts on commits: opens what was started, stops what is to stop, lets go of what ended. Acting may be repeated: an
 * attempt opens at most once per folder, and a stop may be begun again.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { Home } from "../home/Home.ts"
import { forgetEnvironment } from "../home/KeptEnvironment.ts"
import { Deadlines } from "./Deadlines.ts"
import { LiveAttempts } from "./LiveAttempts.ts"
import { makeOpen } from "./open.ts"
import { makeStop } from "./stop.ts"
import { type Committed, Transitions } from "./Transitions.ts"

/** Looks after running attempts. */
export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** Takes over an attempt that the store calls running or stopping and that an earlier engine opened, or was about to. */
    readonly takeOver: (task: Task) => Effect.Effect<void>
    /** Ends when everything that was committed before has been acted on. */
    readonly acted: Effect.Effect<void>
  }
>()("@backbeat/engine/Supervisor") {}

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const lives = yield* LiveAttempts
  const deadlines = yield* Deadlines
  const attempts = yield* makeOpen
  const stop = yield* makeStop
  const stops = yield* FiberMap.make<string>()
  const acts = yield* Queue.unbounded<Effect.Effect<unknown>>()

  const release = Effect.fnUntraced(function* (task: Task) {
    lives.release(task.id)
    yield* deadlines.clear(task.id)
    if (task.spec.forgetEnv && task.state.status !== "queued" && task.state.status !== "retrying") {
      forgetEnvironment(root, task.id)
    }
  })

  const beginStop = (task: Task): Effect.Effect<void> => {
    const live = lives.find(task.id)
    if (live !== null) live.stopping = true
    return Effect.asVoid(
      Effect.andThen(deadlines.clear(task.id), FiberMap.run(stops, task.id, stop(task), { startImmediately: true }))
    )
  }

  const act = ({ task, recorded }: Committed): Effect.Effect<void> => {
    switch (recorded.event.type) {
      case "task.started":
        return attempts.open(task)
      case "task.stopping":
        return beginStop(task)
      case "task.queued":
      case "task.retrying":
      case "task.completed":
      case "task.failed":
      case "task.cancelled":
        return release(task)
      default:
        return Effect.void
    }
  }

  transitions.onCommit((commit) => {
    for (const each of commit) Queue.offerUnsafe(acts, act(each))
  })

  // One after the other, so that an attempt is let go before the next is opened; between two the engine answers callers.
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.flatMap(Queue.take(acts), (each) =>
        Effect.andThen(
          Effect.catchDefect(each, (defect) => Effect.logError("acting on a commit failed", defect)),
          Effect.yieldNow
        )
      )
    )
  )

  const acted = Effect.suspend(() => {
    const reached = Deferred.makeUnsafe<void>()
    Queue.offerUnsafe(acts, Deferred.succeed(reached, undefined))
    return Deferred.await(reached)
  })

  return Supervisor.of({
    acted,
    takeOver: (task) =>
      task.state.status === "stopping"
        ? Effect.andThen(attempts.lookAfter(task, null), beginStop(task))
        : attempts.open(task)
  })
})

/** The supervisor of an engine. */
export const layerSupervisor = Layer.effect(Supervisor, make)
