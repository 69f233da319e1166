/** The IdStore in SQL, and how the other stores record and remove ids. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type IdKind, IdStore } from "../IdStore.ts"
import { inParts } from "./inParts.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

/** The IdStore in an open database. */
export const layerIdStore = Layer.effect(
  IdStore,
  Effect.map(SqlDatabase, ({ sql, withStoreErrors }) =>
    IdStore.of({
      kindOf: (id) =>
        withStoreErrors(
          Effect.map(
            sql<{ kind: IdKind }>`SELECT kind FROM ids WHERE id = ${id}`,
            ([row]) => row?.kind ?? null
          )
        ),
      tasksAmong: (ids) =>
        withStoreErrors(
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

/** Records the ids of new aggregates. An id that exists keeps its kind. */
export const recordIds = (
  sql: SqlClient,
  kind: IdKind,
  ids: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    inParts(ids.map((id) => ({ id, kind }))),
    (part) => sql`INSERT INTO ids ${sql.insert(part)} ON CONFLICT (id) DO NOTHING`,
    { discard: true }
  )

/**
 * Removes the ids of removed aggregates. If a pipeline has the id of a removed task, the id becomes
 * the pipeline's.
 */
export const removeIds = (
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
