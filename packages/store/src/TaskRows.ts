/** The narrow port below the live tasks (live/): where tasks are stored for good. Implementations: sql/. */
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { Dependency } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"
import type { Change, DeletedWaits, TaskStore } from "./TaskStore.ts"

/** Where a task stands among the others. */
export interface TaskPlace {
  /** Its place in the order of creation. */
  readonly seq: number
  /** The sequence of the event that queued it last; 0 when it never was. */
  readonly queuedSeq: number
}

/** A task that has not ended, with its places and with what it still waits for. */
export interface LiveTask extends TaskPlace {
  readonly task: Task
  readonly waitsFor: ReadonlyArray<Dependency>
}

/** What a write has come to: the events as recorded, and the places of the written tasks. A `queuedSeq` of 0 means that it is as before. */
export interface WrittenTasks {
  readonly recorded: ReadonlyArray<RecordedTaskEvent>
  readonly places: ReadonlyMap<string, TaskPlace>
}

type Shared = "find" | "list" | "inStatus" | "counts" | "endedBefore" | "remove" | "waitFor"

/** Stores tasks. All of it fails with StoreError only. */
export class TaskRows extends Context.Service<
  TaskRows,
  Pick<TaskStore["Service"], Shared> & {
    /** Writes rows and events, as `record` of the TaskStore does. */
    readonly write: (changes: ReadonlyArray<Change>) => Effect.Effect<WrittenTasks, StoreError>
    /** Forgets waits. */
    readonly deleteWaits: (settled: DeletedWaits) => Effect.Effect<void, StoreError>
    /** All live tasks, or those of these ids that live, in the order of their creation. */
    readonly live: (
      ids: ReadonlyArray<string> | null
    ) => Effect.Effect<ReadonlyArray<LiveTask>, StoreError>
  }
>()("@backbeat/store/TaskRows") {}
