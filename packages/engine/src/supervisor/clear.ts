/** Ends the leftover processes of a queued task's earlier attempt, so that the next attempt never runs beside them. */
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import { Home } from "../home/Home.ts"
import { stopTree } from "../process/stopTree.ts"
import { Clearings } from "../attempt/Clearings.ts"
import { hasLeftovers, lastTreeOf } from "../attempt/leftover.ts"
import { persistently } from "../alarm/persistently.ts"
import { Transitions } from "../commit/Transitions.ts"

/** What clearing needs, made once. */
export const makeClear = Effect.gen(function* () {
  const { root } = yield* Home
  const clearings = yield* Clearings
  const transitions = yield* Transitions
  const stops = yield* FiberMap.make<string>()

  const fillSlots = persistently("filling the slots", Effect.orDie(transitions.fillSlots))

  const stop = (task: Task): Effect.Effect<void> => {
    const tree = lastTreeOf(root, task)
    const stopped =
      tree === null
        ? Effect.void
        : stopTree(tree, { stopSignal: task.spec.stopSignal, graceMs: task.spec.gracePeriodMs })
    return Effect.andThen(
      persistently(`stopping what ${task.id} has left`, stopped),
      Effect.suspend(() => {
        clearings.set(task.id, { kind: "clear" })
        return fillSlots
      })
    )
  }

  return {
    /** Looks for leftover processes; when there are any, stops them beside everything else. */
    clear: Effect.fnUntraced(function* (task: Task) {
      const left = yield* hasLeftovers(root, task)
      const asked = clearings.find(task.id)
      // Meanwhile it may have been stopped, and even restarted.
      if (asked?.kind !== "searching" || asked.task !== task) return
      const now = yield* Clock.currentTimeMillis
      const killAt = now + task.spec.gracePeriodMs
      clearings.set(task.id, left ? { kind: "stopping", since: now, killAt } : { kind: "clear" })
      if (left) yield* FiberMap.run(stops, task.id, stop(task))
      // Others may take the slot meanwhile.
      yield* fillSlots
    }),
    /** The task is queued no more: its stop goes on elsewhere, or it has been opened. */
    forget: (id: string): Effect.Effect<void> => FiberMap.remove(stops, id)
  }
})
