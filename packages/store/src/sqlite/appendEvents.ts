/** Appends to the one history, whatever the subject. Belongs into a transaction. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Recorded } from "@backbeat/core/history/RecordedEvent"
import { eventRow } from "./EventRow.ts"
import { inParts } from "./inParts.ts"

/** Takes so many sequences out of the counter; answers with the last one before them. */
export const takeSequences = (sql: SqlClient, count: number): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{
      last: number
    }>`UPDATE event_counter SET last_sequence = last_sequence + ${count} RETURNING last_sequence AS last`,
    ([counter]) => (counter?.last ?? count) - count
  )

/** Writes events that have their sequences. */
export const appendEvents = (
  sql: SqlClient,
  recorded: ReadonlyArray<Recorded<string, { readonly type: string }>>
): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    inParts(recorded.map(eventRow)),
    (part) => sql`INSERT INTO events ${sql.insert(part)}`,
    { discard: true }
  )
