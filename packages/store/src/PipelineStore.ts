/** The port that queries the tasks of pipelines. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** The number of tasks of a pipeline in a status. */
export interface PipelineCount {
  readonly pipeline: string
  readonly status: TaskStatus
  readonly count: number
}

/**
 * Joins pipelines and tasks, in the transactions of the Database port. A task belongs to the
 * pipeline in its lineage. The pipelines themselves are in the AggregateStore. Fails only with
 * StoreError.
 */
export class PipelineStore extends Context.Service<
  PipelineStore,
  {
    /** The number of tasks of these pipelines in each status. */
    readonly counts: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<PipelineCount>, StoreError>
    /**
     * The pipelines among these that are running although all of their tasks have ended. Cheap for
     * any number of tasks.
     */
    readonly readyToConclude: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Removes all ended pipelines without tasks, with their events. Returns their ids. */
    readonly removeEmpty: Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@backbeat/store/PipelineStore") {}
