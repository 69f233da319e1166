/** The port through which the engine remembers pipelines. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RecordedPipelineEvent } from "@backbeat/core/history/RecordedEvent"
import type { Pipeline, PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import type { PipelineEvent } from "@backbeat/core/pipeline/PipelineEvent"
import type { Actor } from "@backbeat/core/task/Actor"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import type { StoreError } from "./StoreError.ts"

/** A pipeline's new row together with the events that led to it. `at` is epoch milliseconds. */
export interface PipelineChange {
  readonly pipeline: Pipeline
  readonly events: ReadonlyArray<PipelineEvent>
  readonly at: number
  readonly actor: Actor
}

/** Which pipelines a list is of. Filters are and-ed. */
export interface PipelineFilter {
  readonly status?: ReadonlyArray<PipelineStatus> | undefined
  /** Created at or after this instant (epoch ms). */
  readonly since?: number | undefined
}

/** A page of pipelines, newest first; `total` counts what the filter matches, up to `countMax` and one; `next` is the cursor of the page after, if any. */
export interface PipelinePage {
  readonly total: number
  readonly pipelines: ReadonlyArray<Pipeline>
  readonly next: string | null
}

/** How many tasks of a pipeline are in a status. */
export interface PipelineCount {
  readonly pipeline: string
  readonly status: TaskStatus
  readonly count: number
}

/**
 * Remembers pipelines, in the transactions of the TaskStore beside it. A task is of the pipeline that its lineage names. The history
 * is read through the TaskStore. All of it fails with StoreError only.
 */
export class PipelineStore extends Context.Service<
  PipelineStore,
  {
    /** The pipeline of this id, or null. */
    readonly find: (id: string) => Effect.Effect<Pipeline | null, StoreError>
    /** Writes the row (inserting a new one) and appends the events to the one history; answers with them as recorded. */
    readonly record: (
      change: PipelineChange
    ) => Effect.Effect<ReadonlyArray<RecordedPipelineEvent>, StoreError>
    /** One page. A cursor that no page gave is the end of the list; an empty `status` matches nothing. */
    readonly list: (
      filter: PipelineFilter,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<PipelinePage, StoreError>
    /** How many tasks of each of these pipelines are in which status. */
    readonly counts: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<PipelineCount>, StoreError>
    /** Those of these pipelines that are running although none of their tasks lives. Cheap however many tasks they have. */
    readonly over: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Pipeline>, StoreError>
    /** Forgets, with their events, those ended pipelines of which no task is left. Answers with their ids. */
    readonly removeEmpty: Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@backbeat/store/PipelineStore") {}
