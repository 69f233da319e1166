/** Ends the original's tasks in a copied home, because they run in the original. */
import { recovery } from "@backbeat/core/history/Actor"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { HomeStore } from "@backbeat/store/HomeStore"
import { Disk } from "@backbeat/store/Disk"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import type { Identity } from "../home/identifyHome.ts"
import { deleteEnvironment } from "../home/TaskEnvironment.ts"
import { dueSources } from "./dueSources.ts"
import type { DueSource } from "./keepAggregatesDue.ts"
import { Transitions } from "../commit/Transitions.ts"

const sources: ReadonlyArray<Pick<DueSource, "kind" | "disown">> = dueSources

const waiting = ["blocked", "queued", "retrying"] as const
const living = ["running", "stopping"] as const

/**
 * Ends every live task of a copy, in the commit that gives the copy its own id. Running tasks
 * become lost, without another attempt; waiting tasks are cancelled. No process is signalled and
 * nobody is notified, because the tasks continue in the original. Fails with StoreError.
 */
export const disown = Effect.fnUntraced(function* ({ record }: Identity, copyOf: string) {
  const homes = yield* HomeStore
  const store = yield* TaskStore
  const aggregates = yield* AggregateStore
  const disk = yield* Disk
  const transitions = yield* Transitions
  const reason = `this home is a copy of ${copyOf}`
  const evidence = `This home is a copy of ${copyOf}. Processes of the attempt may run in the original.`
  const { root } = yield* Home
  const endTasks = transitions.commitSilently((tx) =>
    Effect.gen(function* () {
      // First: none of them may go on when its tasks are lost.
      for (const source of sources)
        if (source.disown !== undefined) yield* source.disown(tx, aggregates, reason)
      const forgetful = (yield* store.inStatus([...waiting, ...living])).filter(
        ({ spec }) => spec.forgetEnv
      )
      for (const task of yield* store.inStatus(waiting)) {
        yield* tx.change(
          task,
          { type: "Stop", reason, signal: task.spec.stopSignal, graceMs: 0 },
          recovery
        )
      }
      for (const task of yield* store.inStatus(living)) {
        const end = { outcome: { kind: "lost", evidence }, endedAt: tx.now, cpuMs: null } as const
        yield* tx.change(task, { type: "End", end, isLast: true }, recovery)
      }
      yield* homes.write(record)
      return forgetful
    })
  )
  yield* Effect.logWarning(reason)
  const forgetful = yield* Effect.catchTag(endTasks, "StoreError", () =>
    Effect.andThen(disk.freeSpace(0), endTasks)
  )
  for (const { id } of forgetful) deleteEnvironment(root, id)
})
