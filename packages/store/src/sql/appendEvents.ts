/** Appends events of any subject to the history. Must run in a transaction. */
import type { Recorded } from "@backbeat/core/history/RecordedEvent"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Prepared } from "./SqlDatabase.ts"

/** Reserves `count` sequences. Returns the last sequence before them. */
export const takeSequences = (prepared: Prepared, count: number): Effect.Effect<number, SqlError> =>
  Effect.map(
    prepared(
      "UPDATE event_counter SET last_sequence = last_sequence + ? RETURNING last_sequence AS last",
      [count]
    ),
    ([counter]) => Number(counter?.["last"] ?? count) - count
  )

/** Writes events with their sequences. */
export const appendEvents = (
  prepared: Prepared,
  events: ReadonlyArray<Recorded<string, { readonly type: string }>>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    for (const { sequence, subject, id, at, actor, event } of events) {
      yield* prepared(
        "INSERT INTO events (sequence, subject, subject_id, type, at, actor, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [sequence, subject, id, event.type, at, JSON.stringify(actor), JSON.stringify(event)]
      )
    }
  })
