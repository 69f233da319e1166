/**
 * The port that stores paused queues and queries queues as a whole. Implementations: sqlite/,
 * memory/.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Actor } from "@backbeat/core/history/Actor"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** A pause of a queue: since when (epoch ms), by whom, and why. */
export interface Pause {
  readonly at: number
  readonly actor: Actor
  readonly reason: string | null
}

/** The number of live tasks of a queue in a status. */
export interface QueueCount {
  readonly queue: string
  readonly status: TaskStatus
  readonly count: number
}

/** Stores pauses, in the transactions of the Database port. Fails only with StoreError. */
export class QueueStore extends Context.Service<
  QueueStore,
  {
    /** Pauses a queue. An earlier pause is kept unchanged. */
    readonly pause: (queue: string, pause: Pause) => Effect.Effect<void, StoreError>
    /** Resumes a queue, if it is paused. */
    readonly resume: (queue: string) => Effect.Effect<void, StoreError>
    /** All paused queues, sorted by name. */
    readonly paused: Effect.Effect<ReadonlyMap<string, Pause>, StoreError>
    /** The number of live tasks of each queue in each status. */
    readonly counts: Effect.Effect<ReadonlyArray<QueueCount>, StoreError>
    /**
     * The number of tasks in its queue that may run at `now` (epoch ms) and come before this one; 0
     * if this task is not queued.
     */
    readonly ahead: (id: string, now: number) => Effect.Effect<number, StoreError>
  }
>()("@backbeat/store/QueueStore") {}
