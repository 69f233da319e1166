/**
 * The port for reading the one history of all aggregates. The other stores append to it.
 * Implementations: sqlite/, memory/.
 */
import type { EventType, RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** A filter for events with a sequence above `since`. */
export interface EventFilter {
  readonly since: number
  readonly taskIds?: ReadonlyArray<string> | undefined
  /** Events of tasks with this tag. */
  readonly tag?: string | undefined
  /** Events of this pipeline and of its tasks. */
  readonly pipelineId?: string | undefined
  /** Of this aggregate, and of the tasks that it made. */
  readonly source?: { readonly kind: string; readonly id: string } | undefined
  readonly types?: ReadonlyArray<EventType> | undefined
  readonly limit: number
}

/** Reads the history. Fails only with StoreError. */
export class History extends Context.Service<
  History,
  {
    /** The matching events of all aggregates, in the order of their sequence. */
    readonly events: (
      filter: EventFilter
    ) => Effect.Effect<ReadonlyArray<RecordedEvent>, StoreError>
    /**
     * The sequence of the newest event, 0 if there is none. It never decreases, also when events
     * are removed.
     */
    readonly lastSequence: Effect.Effect<number, StoreError>
  }
>()("@backbeat/store/History") {}
