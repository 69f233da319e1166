/** The IdStore in SQL, and how the other stores note and forget ids. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type IdKind, IdStore } from "../IdStore.ts"
import { inParts } from "./inParts.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

/** The IdStore in a database that is open. */
export const layerIdStore = Layer.effect(
  IdStore,
  Effect.map(SqlDatabase, ({ sql, explained }) =>
    IdStore.of({
      kindOf: (id) =>
        explained(
          Effect.map(
            sql<{ kind: IdKind }>`SELECT kind FROM ids WHERE id = ${id}`,
            ([row]) => row?.kind ?? null
          )
        ),
      tasksAmong: (ids) =>
        explained(
          Effect.map(
            Effect.forEach(
              inParts(ids),
              (part) =>
                sql<{
                  id: string
                }>`SELECT id FROM ids WHERE kind = 'task' AND ${sql.in("id", part)}`
            ),
            (found) => new Set(found.flat().map(({ id }) => id))
          )
        )
    })
  )
)

/** Notes ids of new things. One that is taken stays what it was. */
export const noteIds = (
  sql: SqlClient,
  kind: IdKind,
  ids: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    inParts(ids.map((id) => ({ id, kind }))),
    (part) => sql`INSERT INTO ids ${sql.insert(part)} ON CONFLICT (id) DO NOTHING`,
    { discard: true }
  )

/** Forgets ids of removed things. An id that something of another kind has as well is that one's from then on. */
export const forgetIds = (
  sql: SqlClient,
  kind: IdKind,
  ids: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    inParts(ids),
    (part) =>
      Effect.gen(function* () {
        yield* sql`DELETE FROM ids WHERE kind = ${kind} AND ${sql.in("id", part)}`
        if (kind !== "task") return
        yield* sql`INSERT INTO ids (id, kind) SELECT id, kind FROM aggregates WHERE kind = 'pipeline' AND ${sql.in("id", part)} ON CONFLICT (id) DO NOTHING`
      }),
    { discard: true }
  )
