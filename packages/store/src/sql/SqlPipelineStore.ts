/** The PipelineStore in SQL. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import { type PipelineCount, PipelineStore } from "../PipelineStore.ts"
import { inParts } from "./inParts.ts"
import { removeAggregates } from "./SqlAggregateStore.ts"
import { SqlDatabase } from "./SqlDatabase.ts"
import { atomically } from "./atomically.ts"

/** The PipelineStore in an open database. */
export const layerPipelineStore = Layer.effect(
  PipelineStore,
  Effect.map(SqlDatabase, (database) => make(database))
)

const liveStatuses = statuses.filter((status) => !isFinal(status))

const make = ({ sql, withStoreErrors }: SqlDatabase["Service"]): PipelineStore["Service"] => ({
  counts: (ids) =>
    withStoreErrors(
      Effect.map(
        Effect.forEach(
          inParts(ids),
          (part) => sql<PipelineCount>`
            SELECT pipeline, status, count(*) AS count FROM tasks
            WHERE ${sql.in("pipeline", part)} GROUP BY pipeline, status ORDER BY pipeline, status`
        ),
        (parts) => parts.flat()
      )
    ),
  readyToConclude: (ids) =>
    withStoreErrors(
      Effect.map(
        Effect.forEach(
          inParts(ids),
          (part) => sql<{ id: string }>`
            SELECT p.id FROM aggregates p WHERE p.kind = 'pipeline' AND ${sql.in("p.id", part)} AND p.status = 'running' AND NOT EXISTS (
              SELECT 1 FROM tasks t WHERE t.pipeline = p.id AND ${sql.in("t.status", liveStatuses)})`
        ),
        (parts) => parts.flat().map(({ id }) => id)
      )
    ),
  removeEmpty: withStoreErrors(atomically(sql, removeEmpty(sql)))
})

const removeEmpty = (sql: SqlClient): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const empty = yield* sql<{ id: string }>`
      SELECT p.id FROM aggregates p WHERE p.kind = 'pipeline' AND p.status <> 'running' AND NOT EXISTS (
        SELECT 1 FROM tasks t WHERE t.pipeline = p.id) ORDER BY p.seq`
    const ids = empty.map(({ id }) => id)
    yield* removeAggregates(sql, "pipeline", ids)
    return ids
  })
