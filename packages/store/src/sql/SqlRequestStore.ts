/** The RequestStore in SQL. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RequestStore } from "../RequestStore.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

/** The RequestStore in an open database. */
export const layerRequestStore = Layer.effect(
  RequestStore,
  Effect.map(SqlDatabase, ({ sql, withStoreErrors }) =>
    RequestStore.of({
      note: (id, at, done) =>
        Effect.asVoid(
          withStoreErrors(sql`
          INSERT INTO requests ${sql.insert({ id, noted_at: at, done })}
          ON CONFLICT (id) DO UPDATE SET done = excluded.done`)
        ),
      find: (id) =>
        withStoreErrors(
          Effect.map(
            sql<{ done: string }>`SELECT done FROM requests WHERE id = ${id}`,
            ([row]) => row?.done ?? null
          )
        ),
      forget: (before) =>
        Effect.asVoid(withStoreErrors(sql`DELETE FROM requests WHERE noted_at < ${before}`))
    })
  )
)
