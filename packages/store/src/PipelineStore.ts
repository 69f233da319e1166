/** The port through which the engine learns how the tasks of pipelines stand. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** How many tasks of a pipeline are in a status. */
export interface PipelineCount {
  readonly pipeline: string
  readonly status: TaskStatus
  readonly count: number
}

/**
 * Puts pipelines and tasks together, in the transactions of the TaskStore beside it. A task is of the pipeline that its lineage names.
 * The pipelines themselves are in the AggregateStore. All of it fails with StoreError only.
 */
export class PipelineStore extends Context.Service<
  PipelineStore,
  {
    /** How many tasks of each of these pipelines are in which status. */
    readonly counts: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<PipelineCount>, StoreError>
    /** Those of these pipelines that are running although none of their tasks lives. Cheap however many tasks they have. */
    readonly over: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Forgets, with their events, those ended pipelines of which no task is left. Answers with their ids. */
    readonly removeEmpty: Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@backbeat/store/PipelineStore") {}
