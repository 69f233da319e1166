/** The port through which the engine remembers tasks. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Actor } from "@backbeat/core/task/Actor"
import type { Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** One task's new row together with the events that led to it. `at` is epoch milliseconds. */
export interface Change {
  readonly task: Task
  readonly events: ReadonlyArray<TaskEvent>
  readonly at: number
  readonly actor: Actor
}

/** Which tasks a list is of. Filters are and-ed; `tags` must all be there; `after` is the cursor of the page before. */
export interface TaskFilter {
  readonly ids?: ReadonlyArray<string> | undefined
  readonly status?: ReadonlyArray<TaskStatus> | undefined
  readonly tags?: ReadonlyArray<string> | undefined
  readonly queue?: string | undefined
  /** Their session, or what stands for it: see `ownerKey`. */
  readonly sessionId?: string | undefined
  readonly kind?: string | undefined
  readonly pipelineId?: string | undefined
  /** Those that do the same work: see `workKey`. */
  readonly workKey?: string | undefined
  /** Created at or after this instant (epoch ms). */
  readonly since?: number | undefined
}

/** A page counts no more than this and one: the count of all would grow with the store. */
export const countMax = 10_000

/** A page of tasks, newest first; `total` counts what the filter matches, up to `countMax` and one; `next` is the cursor of the page after, if any. */
export interface TaskPage {
  readonly total: number
  readonly tasks: ReadonlyArray<Task>
  readonly next: string | null
}

/** A blocked task that waits for the task `dependency`, and for which end of it. */
export interface DependentTask {
  readonly dependency: string
  readonly task: Task
  readonly on: DependencyCondition
}

/** What a settlement forgets: every wait for what has ended, and every wait of what was withdrawn. */
export interface DeletedWaits {
  readonly ended: ReadonlyArray<string>
  readonly withdrawn: ReadonlyArray<string>
}

/** What may run next: in the order P0, P1, P2, then by the sequence in which they were queued. */
export interface ReadyFilter {
  readonly queue: string
  /** Tasks whose `notBefore` is later (epoch ms) are left out. */
  readonly now: number
  readonly limit: number
}

/** Remembers tasks, in the transactions of the Database beside it. All of it fails with StoreError only. */
export class TaskStore extends Context.Service<
  TaskStore,
  {
    /** The task of this id, or null. */
    readonly find: (id: string) => Effect.Effect<Task | null, StoreError>
    /**
     * Writes the rows (inserting new ones) and appends the events; answers with the events as recorded. Call inside `transact`;
     * alone it is a transaction itself. A specification is written for a new row and with `task.created` or `task.changed`.
     */
    readonly record: (
      changes: ReadonlyArray<Change>
    ) => Effect.Effect<ReadonlyArray<RecordedTaskEvent>, StoreError>
    /** One page. A cursor that no page gave is the end of the list; empty `ids` or `status` match nothing. */
    readonly list: (
      filter: TaskFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<TaskPage, StoreError>
    /** Every task in one of these statuses, oldest first. */
    readonly inStatus: (
      statuses: ReadonlyArray<TaskStatus>
    ) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** How many tasks are in each status. */
    readonly counts: Effect.Effect<Readonly<Record<TaskStatus, number>>, StoreError>
    /** How many tasks are not final. Cheap however many have ended. */
    readonly liveCount: Effect.Effect<number, StoreError>
    /** Queued tasks that may run now. Of a batch they are as many as it has room for. */
    readonly ready: (filter: ReadyFilter) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** How many tasks of each queue take a slot; queues without any are left out. */
    readonly busy: Effect.Effect<Readonly<Record<string, number>>, StoreError>
    /** How many tasks of a batch are running or stopping. */
    readonly busyOfBatch: (batch: string) => Effect.Effect<number, StoreError>
    /** The names of the queues with queued tasks. */
    readonly waitingQueues: Effect.Effect<ReadonlyArray<string>, StoreError>
    /** The tasks that wait for a time: queued ones with a `notBefore`, and retrying ones. The longest due first. */
    readonly awaitingTime: Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** Makes a task wait for these, which must be there, in place of what it waited for before. */
    readonly waitFor: (
      id: string,
      dependencies: ReadonlyArray<Dependency>
    ) => Effect.Effect<void, StoreError>
    /** What a task waits for still, in the order in which that was created. */
    readonly waitsOf: (id: string) => Effect.Effect<ReadonlyArray<Dependency>, StoreError>
    /** The tasks that wait for one of these, in the order in which they were created. Cheap when there are none. */
    readonly dependents: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<DependentTask>, StoreError>
    /** Forgets waits, and answers with those of `candidates` which wait for nothing now, in the order in which they were created. */
    readonly deleteWaits: (
      settled: DeletedWaits,
      candidates: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Final tasks that ended before the instant (epoch ms), oldest first; so many at most. */
    readonly endedBefore: (
      at: number,
      statuses: ReadonlyArray<TaskStatus>,
      limit?: number
    ) => Effect.Effect<ReadonlyArray<Task>, StoreError>
    /** Forgets tasks and their events. Only final ones are removed; others are left as they are. Answers with the removed ids. */
    readonly remove: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@backbeat/store/TaskStore") {}
