/** The History in SQL. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { History } from "../History.ts"
import { eventsOf } from "./EventRow.ts"
import { readEvents } from "./readEvents.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

/** The History in an open database. */
export const layerHistory = Layer.effect(
  History,
  Effect.map(SqlDatabase, ({ sql, damaged, withStoreErrors }) =>
    History.of({
      events: (filter) =>
        Effect.flatMap(withStoreErrors(readEvents(sql, filter)), (rows) => eventsOf(damaged, rows)),
      lastSequence: withStoreErrors(
        Effect.map(
          sql<{ last: number }>`SELECT last_sequence AS last FROM event_counter`,
          ([row]) => row?.last ?? 0
        )
      )
    })
  )
)
