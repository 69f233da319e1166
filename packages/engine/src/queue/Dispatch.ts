/**
 * Separates "may run" from "runs here": what happens to admitted tasks, and which attempts this
 * engine runs.
 */
import { engine } from "@backbeat/core/history/Actor"
import type { Task } from "@backbeat/core/task/Task"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Change } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Tx } from "../commit/Tx.ts"

/** Decides where tasks run. */
export class Dispatch extends Context.Service<
  Dispatch,
  {
    /**
     * The changes of admitted tasks, in the transaction that admits them: this engine opens their
     * attempts, or they are offered to the engines that serve their queue. A task without a change
     * stays queued.
     */
    readonly dispatch: (
      tx: Pick<Tx, "decide">,
      tasks: ReadonlyArray<Task>
    ) => Effect.Effect<ReadonlyArray<Change>, StoreError>
    /** Whether this engine spawns, adopts, stops and settles the attempts of the task. */
    readonly isHere: (task: Task) => boolean
  }
>()("@backbeat/engine/Dispatch") {}

/** One machine: every admitted task runs here. */
export const layerEmbedded: Layer.Layer<Dispatch> = Layer.succeed(Dispatch, {
  dispatch: (tx, tasks) =>
    Effect.forEach(tasks, (task) =>
      Effect.catchTag(tx.decide(task, { type: "Open" }, engine), "IllegalTransition", Effect.die)
    ),
  isHere: () => true
})
