/**
 * The narrow port below the live tasks in live/: it stores the rows of tasks. Implementations:
 * sql/.
 */
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { Dependency } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"
import type { Change, DeletedWaits, TaskStore } from "./TaskStore.ts"

/** The position of a task among the others. */
export interface TaskPosition {
  /** Its number in the order of creation. */
  readonly seq: number
  /** The sequence of the event that last queued it, 0 if it was never queued. */
  readonly queuedSeq: number
}

/** A task that has not ended, with its position and its open dependencies. */
export interface LiveTask extends TaskPosition {
  readonly task: Task
  readonly waitsFor: ReadonlyArray<Dependency>
}

/**
 * The result of a write: the recorded events, and the positions of the written tasks. A `queuedSeq`
 * of 0 means that it is unchanged.
 */
export interface WrittenTasks {
  readonly recorded: ReadonlyArray<RecordedTaskEvent>
  readonly positions: ReadonlyMap<string, TaskPosition>
}

type Shared = "find" | "list" | "inStatus" | "counts" | "endedBefore" | "remove" | "waitFor"

/** Stores tasks. Fails only with StoreError. */
export class TaskRows extends Context.Service<
  TaskRows,
  Pick<TaskStore["Service"], Shared> & {
    /** Writes rows and events, as `record` of the TaskStore does. */
    readonly write: (changes: ReadonlyArray<Change>) => Effect.Effect<WrittenTasks, StoreError>
    /** Deletes waits. */
    readonly deleteWaits: (deleted: DeletedWaits) => Effect.Effect<void, StoreError>
    /** All live tasks, or the live ones among these ids, in the order of their creation. */
    readonly live: (
      ids: ReadonlyArray<string> | null
    ) => Effect.Effect<ReadonlyArray<LiveTask>, StoreError>
  }
>()("@backbeat/store/TaskRows") {}
