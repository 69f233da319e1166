/**
 * The waits of blocked tasks, and the lineage of tasks. Portable between SQLite and Postgres. A
 * migration is never edited: write the next one.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const noLineage = `{"retryOf":null,"parentTaskId":null,"pipelineId":null}`

/**
 * A row of `task_waits` is one dependency that a blocked task still waits for; it is deleted when
 * the dependency has ended. Older documents get the missing fields.
 */
export const dependencies = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE task_waits (
    dependency_seq BIGINT NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
    dependent_seq BIGINT NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
    needs TEXT NOT NULL,
    PRIMARY KEY (dependency_seq, dependent_seq)
  )`
  yield* sql`CREATE INDEX task_waits_dependent ON task_waits (dependent_seq)`
  yield* sql`ALTER TABLE tasks ADD COLUMN lineage TEXT NOT NULL DEFAULT ${sql.literal(`'${noLineage}'`)}`
  yield* sql`ALTER TABLE tasks ADD COLUMN pipeline TEXT`
  yield* sql`CREATE INDEX tasks_pipeline ON tasks (pipeline, seq) WHERE pipeline IS NOT NULL`
  const [spec, event, created] = sql.onDialectOrElse({
    pg: () =>
      [
        `(spec::jsonb || '{"dependsOn":[],"delayMs":null}')::text`,
        `jsonb_set(event::jsonb, '{spec}', event::jsonb->'spec' || '{"dependsOn":[],"delayMs":null}')::text`,
        `jsonb_set(event::jsonb, '{lineage}', '${noLineage}')::text`
      ] as const,
    orElse: () =>
      [
        `json_set(spec, '$.dependsOn', json('[]'), '$.delayMs', NULL)`,
        `json_set(event, '$.spec.dependsOn', json('[]'), '$.spec.delayMs', NULL)`,
        `json_set(event, '$.lineage', json('${noLineage}'))`
      ] as const
  })
  yield* sql`UPDATE task_specs SET spec = ${sql.literal(spec)}`
  yield* sql`UPDATE events SET event = ${sql.literal(event)} WHERE type IN ('task.created', 'task.changed')`
  yield* sql`UPDATE events SET event = ${sql.literal(created)} WHERE type = 'task.created'`
})
