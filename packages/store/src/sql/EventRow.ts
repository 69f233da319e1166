/** Rows of events. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Row } from "effect/sql/SqlConnection"
import { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { StoreError } from "../StoreError.ts"
import type { Damaged } from "./SqlDatabase.ts"
import { describe, document } from "./TaskRow.ts"

const decode = Schema.decodeUnknownResult(RecordedEvent)

/** The start of every query for events; `e` is their table. */
export const selectEvents =
  "SELECT e.sequence, e.subject, e.subject_id, e.at, e.actor, e.event FROM events e"

/**
 * Decodes rows of `selectEvents`. Fails with StoreError (damaged), which names the sequence of an
 * invalid row.
 */
export const eventsOf = (
  damaged: Damaged,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<RecordedEvent>, StoreError> =>
  Effect.suspend(() => {
    const events: Array<RecordedEvent> = []
    for (const row of rows) {
      const event = Result.flatMap(parse(row), decode)
      if (Result.isFailure(event)) {
        return damaged(`event ${String(row["sequence"])}: ${describe(event.failure)}`)
      }
      events.push(event.success)
    }
    return Effect.succeed(events)
  })

const parse = (row: Row) =>
  Result.try(() => ({
    sequence: row["sequence"],
    subject: row["subject"],
    id: row["subject_id"],
    at: row["at"],
    actor: document(row, "actor"),
    event: document(row, "event")
  }))
