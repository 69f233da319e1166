/** The port that stores tasks. Implementations: live/ over sql/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Actor } from "@backbeat/core/history/Actor"
import type { Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** The new row of a task, with the events that led to it. `at` is epoch milliseconds. */
export interface Change {
  readonly task: Task
  readonly events: ReadonlyArray<TaskEvent>
  readonly at: number
  readonly actor: Actor
}

/** A filter for a list of tasks. All conditions must match, and a task must have all of `tags`. */
export interface TaskFilter {
  readonly ids?: ReadonlyArray<string> | undefined
  readonly status?: ReadonlyArray<TaskStatus> | undefined
  readonly tags?: ReadonlyArray<string> | undefined
  readonly queue?: string | undefined
  /** Their owner: see `ownerKey`. */
  readonly sessionId?: string | undefined
  readonly kind?: string | undefined
  readonly pipelineId?: string | undefined
  /** Tasks that this aggregate created. */
  readonly source?: { readonly kind: string; readonly id: string } | undefined
  /** Only hidden tasks, or only the others. */
  readonly hidden?: boolean | undefined
  /** Tasks that do the same work: see `workKey`. */
  readonly workKey?: string | undefined
  /** Created at or after this instant (epoch ms). */
  readonly since?: number | undefined
}

/**
 * The most matches that a page counts exactly. To count all would take longer the more tasks there
 * are.
 */
export const countMax = 10_000

/**
 * A page of tasks, newest first. `total` is the number of matches, at most `countMax` + 1. `next`
 * is the cursor of the next page, if there is one.
 */
export interface TaskPage {
  readonly total: number
  readonly tasks: ReadonlyArray<Task>
  readonly next: string | null
}

/** A blocked task that waits for the task `dependency`, and the condition. */
export interface DependentTask {
  readonly dependency: string
  readonly task: Task
  readonly on: DependencyCondition
}

/**
 * The waits to delete: all waits for tasks that have ended, and all waits of tasks that were
 * withdrawn.
 */
export interface DeletedWaits {
  readonly ended: ReadonlyArray<string>
  readonly withdrawn: ReadonlyArray<string>
}

/**
 * A filter for tasks that may run next, sorted by priority, then by the order in which they were
 * queued.
 */
export interface ReadyFilter {
  readonly queue: string
  /** Leaves out tasks whose `notBefore` is later (epoch ms). */
  readonly now: number
  readonly limit: number
}

/** Stores tasks, in the transactions of the Database port. Fails only with StoreError. */
export class TaskStore extends Context.Service<
  TaskStore,
  {
    /** The task with this id, or null. */
    readonly find: (id: string) => Effect.Effect<Task | null, StoreError>
    /**
     * Inserts or updates the rows and appends the events. Returns the recorded events. Call it
     * inside `transact`; alone it is its own transaction. Writes a specification for a new row, and
     * with `task.created` or `task.changed`.
     */
    readonly record: (
      changes: ReadonlyArray<Change>
    ) => Effect.Effect<ReadonlyArray<RecordedTaskEvent>, StoreError>
    /**
     * Returns one page. An invalid cursor gives an empty page; empty `ids` or `status` match
     * nothing.
     */
    readonly list: (
      filter: TaskFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<TaskPage, StoreError>
    /** All tasks in these statuses, oldest first. */
    readonly inStatus: (
      statuses: ReadonlyArray<TaskStatus>
    ) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** The number of tasks in each status. */
    readonly counts: Effect.Effect<Readonly<Record<TaskStatus, number>>, StoreError>
    /** The number of tasks that have not ended. Cheap for any number of ended tasks. */
    readonly liveCount: Effect.Effect<number, StoreError>
    /** Queued tasks that may run now; of a batch only as many as its limit allows. */
    readonly ready: (filter: ReadyFilter) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** The number of taken slots of each queue. Queues without any are left out. */
    readonly busy: Effect.Effect<Readonly<Record<string, number>>, StoreError>
    /** The number of tasks of a batch that take a slot. */
    readonly busyOfBatch: (batch: string) => Effect.Effect<number, StoreError>
    /** The names of the queues with queued tasks. */
    readonly waitingQueues: Effect.Effect<ReadonlyArray<string>, StoreError>
    /**
     * Tasks that wait for a time: queued ones with a `notBefore`, and retrying ones. The earliest
     * time first.
     */
    readonly awaitingTime: Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** Replaces the dependencies that a task waits for. They must exist. */
    readonly waitFor: (
      id: string,
      dependencies: ReadonlyArray<Dependency>
    ) => Effect.Effect<void, StoreError>
    /** The dependencies that a task still waits for, in the order of their creation. */
    readonly waitsOf: (id: string) => Effect.Effect<ReadonlyArray<Dependency>, StoreError>
    /**
     * The tasks that wait for one of these, in the order of their creation. Cheap if there are
     * none.
     */
    readonly dependents: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<DependentTask>, StoreError>
    /**
     * Deletes waits. Returns the `candidates` that wait for nothing now, in the order of their
     * creation.
     */
    readonly deleteWaits: (
      deleted: DeletedWaits,
      candidates: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Tasks that ended before the instant (epoch ms), the earliest end first, at most `limit`. */
    readonly endedBefore: (
      at: number,
      statuses: ReadonlyArray<TaskStatus>,
      limit?: number
    ) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** Removes final tasks with their events, and ignores others. Returns the removed ids. */
    readonly remove: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@backbeat/store/TaskStore") {}
