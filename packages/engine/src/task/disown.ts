/** Lets go of what a copied home says of the original's tasks: they run there, and not here. */
import { recovery } from "@backbeat/core/task/Actor"
import { HomeStore } from "@backbeat/store/HomeStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import type { Identity } from "../home/identifyHome.ts"
import { Transitions } from "./Transitions.ts"

/**
 * Ends every task of a copy that has not ended, in the commit that gives the copy its own id. What runs is lost, without another
 * attempt; what waits is cancelled. Nothing is signalled. Fails with StoreError.
 */
export const disown = Effect.fnUntraced(function* ({ record }: Identity, copyOf: string) {
  const homes = yield* HomeStore
  const store = yield* TaskStore
  const transitions = yield* Transitions
  const reason = `this home is a copy of ${copyOf}`
  const evidence = `This home is a copy of ${copyOf}: what the attempt started may run there.`
  const letGo = transitions.commit((tx) =>
    Effect.gen(function* () {
      for (const task of yield* store.inStatus(["blocked", "queued", "retrying"])) {
        yield* tx.change(task, { type: "Stop", reason, signal: task.spec.stopSignal, graceMs: 0 }, recovery)
      }
      for (const task of yield* store.inStatus(["running", "stopping"])) {
        const end = { outcome: { kind: "lost", evidence }, endedAt: tx.now, cpuMs: null } as const
        yield* tx.change(task, { type: "End", end, isLast: true }, recovery)
      }
      yield* homes.write(record)
    })
  )
  yield* Effect.logWarning(reason)
  yield* Effect.catchTag(letGo, "StoreError", () => Effect.andThen(store.makeRoom(0), letGo))
})
