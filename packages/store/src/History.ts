/** The port to the one history of all aggregates. They append to it themselves, with their changes. Implementations: sqlite/, memory/. */
import type { EventType, RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Which events: those with a sequence above `since`. */
export interface EventFilter {
  readonly since: number
  readonly taskIds?: ReadonlyArray<string> | undefined
  /** Of tasks with this tag. */
  readonly tag?: string | undefined
  /** Of this pipeline and of its tasks. */
  readonly pipelineId?: string | undefined
  readonly types?: ReadonlyArray<EventType> | undefined
  readonly limit: number
}

/** Reads the history. All of it fails with StoreError only. */
export class History extends Context.Service<
  History,
  {
    /** The one history, of tasks and of all else, in the order of its sequence. */
    readonly events: (
      filter: EventFilter
    ) => Effect.Effect<ReadonlyArray<RecordedEvent>, StoreError>
    /** The sequence of the newest event; 0 when there is none. Never goes back, also not when old events were removed. */
    readonly lastSequence: Effect.Effect<number, StoreError>
  }
>()("@backbeat/store/History") {}
