/** The port through which the engine remembers which queues are paused, and looks at queues as a whole. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Actor } from "@backbeat/core/task/Actor"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** Since when (epoch ms), by whom and why a queue starts nothing. */
export interface Pause {
  readonly at: number
  readonly actor: Actor
  readonly reason: string | null
}

/** How many live tasks of a queue are in a status. */
export interface QueueCount {
  readonly queue: string
  readonly status: TaskStatus
  readonly count: number
}

/** Remembers pauses, in the transactions of the TaskStore beside it. All of it fails with StoreError only. */
export class QueueStore extends Context.Service<
  QueueStore,
  {
    /** Pauses a queue. One that is paused stays paused as it was. */
    readonly pause: (queue: string, pause: Pause) => Effect.Effect<void, StoreError>
    /** Ends the pause of a queue, if there is one. */
    readonly resume: (queue: string) => Effect.Effect<void, StoreError>
    /** Every paused queue, by name. */
    readonly paused: Effect.Effect<ReadonlyMap<string, Pause>, StoreError>
    /** The queues with live tasks, and how many of these are in which status. */
    readonly counts: Effect.Effect<ReadonlyArray<QueueCount>, StoreError>
    /** How many tasks of its queue that may run now (epoch ms) have their turn before this one; 0 when it is not queued. */
    readonly ahead: (id: string, now: number) => Effect.Effect<number, StoreError>
  }
>()("@backbeat/store/QueueStore") {}
