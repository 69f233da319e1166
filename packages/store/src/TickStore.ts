/** The port through which the engine remembers what became of the ticks of schedules. Implementations: sql/, memory/. */
import type { RunEnd, Tick } from "@backbeat/core/schedule/Tick"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** A page of the history of one schedule, newest first; `next` is the cursor of the page after, if any. */
export interface TickPage {
  readonly ticks: ReadonlyArray<Tick>
  readonly next: string | null
}

/** Instants in epoch milliseconds: from one, which is included, to another, which is not. */
export interface Between {
  readonly from: number
  readonly to: number
  readonly limit: number
  readonly scheduleId?: string | undefined
}

/**
 * Remembers ticks, in the transactions of the other stores. Schedule and key name a tick: it fires once, ever. All of it fails with
 * StoreError only.
 */
export class TickStore extends Context.Service<
  TickStore,
  {
    /** Writes a row, in place of one with its key that has not fired. Answers whether it did: one that has fired stays as it is. */
    readonly note: (tick: Tick) => Effect.Effect<boolean, StoreError>
    /** The row of a key, or null. */
    readonly find: (scheduleId: string, key: string) => Effect.Effect<Tick | null, StoreError>
    readonly history: (
      scheduleId: string,
      page: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<TickPage, StoreError>
    /** What was scheduled in a span, in the order of time. */
    readonly between: (span: Between) => Effect.Effect<ReadonlyArray<Tick>, StoreError>
    /** The newest row of each of these schedules that has one. */
    readonly latest: (
      scheduleIds: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Tick>, StoreError>
    /** The newest tick of a schedule that has fired by itself, or null. */
    readonly latestFired: (scheduleId: string) => Effect.Effect<Tick | null, StoreError>
    /** The runs of a schedule that have not ended, the oldest first. */
    readonly running: (scheduleId: string) => Effect.Effect<ReadonlyArray<Tick>, StoreError>
    /** The instants after one and not after another at which ticks of the schedule have fired. */
    readonly spent: (
      scheduleId: string,
      span: { readonly after: number; readonly until: number }
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>
    /** Notes how a run ended, once: a later end changes nothing. Answers with the row if this was the first. */
    readonly end: (runId: string, end: RunEnd) => Effect.Effect<Tick | null, StoreError>
    /** The schedules of which a tick waits for a run of this one. */
    readonly awaiting: (scheduleId: string) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Ended runs of a schedule that are kept though there are as many newer ones; the oldest first. */
    readonly beyond: (
      scheduleId: string,
      keptCount: number
    ) => Effect.Effect<ReadonlyArray<Tick>, StoreError>
    /** Notes that what runs had left is gone; their rows stay. */
    readonly forget: (runIds: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
    /** Those of the runs that are kept because of their rows. */
    readonly kept: (runIds: ReadonlyArray<string>) => Effect.Effect<ReadonlySet<string>, StoreError>
    /** Removes the history of a schedule. */
    readonly remove: (scheduleId: string) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/TickStore") {}
