/**
 * Stops the leftover processes of a queued task's earlier attempt, so that the next attempt never
 * runs beside them.
 */
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

/** Builds the functions that stop leftover processes. */
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
    /** Searches for leftover processes, and stops them in the background if there are any. */
    clear: Effect.fnUntraced(function* (task: Task) {
      const left = yield* hasLeftovers(root, task)
      const asked = clearings.find(task.id)
      // Meanwhile the task may have been stopped, and even restarted.
      if (asked?.kind !== "searching" || asked.task !== task) return
      const now = yield* Clock.currentTimeMillis
      const killAt = now + task.spec.gracePeriodMs
      clearings.set(task.id, left ? { kind: "stopping", since: now, killAt } : { kind: "clear" })
      if (left) yield* FiberMap.run(stops, task.id, stop(task))
      // Other tasks may take the slot meanwhile.
      yield* fillSlots
    }),
    /** The task is no longer queued: its stop continues elsewhere, or it was opened. */
    forget: (id: string): Effect.Effect<void> => FiberMap.remove(stops, id)
  }
})
