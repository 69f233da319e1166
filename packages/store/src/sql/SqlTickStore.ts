/** The TickStore in SQL. */
import { Cause, type Tick, TickResult } from "@backbeat/core/schedule/Tick"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import { TickStore } from "../TickStore.ts"
import { inParts } from "./inParts.ts"
import { cursorSeq } from "./listTasks.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

/** A row as it is stored. Postgres gives a BIGINT as text. */
const Row = Schema.Struct({
  seq: Schema.Union([Schema.Finite, Schema.String]),
  schedule: Schema.String,
  tick_key: Schema.String,
  scheduled_for: Schema.Finite,
  by_hand: Schema.Finite,
  noted_at: Schema.Finite,
  result: TickResult,
  cause: Schema.NullOr(Schema.fromJsonString(Cause)),
  run_kind: Schema.NullOr(Schema.String),
  run_id: Schema.NullOr(Schema.String),
  run_status: Schema.NullOr(Schema.String),
  run_ended_at: Schema.NullOr(Schema.Finite),
  tick_count: Schema.Union([Schema.Finite, Schema.String]),
  until_at: Schema.NullOr(Schema.Finite),
  awaits: Schema.NullOr(Schema.String)
})
type Row = typeof Row.Type

const decode = Schema.decodeUnknownEffect(Schema.Array(Row))

const tickOf = (row: Row): Tick => ({
  scheduleId: row.schedule,
  key: row.tick_key,
  scheduledFor: row.scheduled_for,
  manual: row.by_hand === 1,
  at: row.noted_at,
  result: row.result,
  cause: row.cause,
  run: row.run_kind === null || row.run_id === null ? null : { kind: row.run_kind, id: row.run_id },
  end:
    row.run_status === null || row.run_ended_at === null
      ? null
      : { status: row.run_status, endedAt: row.run_ended_at },
  count: Number(row.tick_count),
  until: row.until_at,
  awaits: row.awaits
})

const columnsOf = (tick: Tick) => ({
  schedule: tick.scheduleId,
  tick_key: tick.key,
  scheduled_for: tick.scheduledFor,
  by_hand: tick.manual ? 1 : 0,
  noted_at: tick.at,
  result: tick.result,
  cause: tick.cause === null ? null : JSON.stringify(tick.cause),
  run_kind: tick.run?.kind ?? null,
  run_id: tick.run?.id ?? null,
  run_status: tick.end?.status ?? null,
  run_ended_at: tick.end?.endedAt ?? null,
  run_removed: 0,
  tick_count: tick.count,
  until_at: tick.until,
  awaits: tick.awaits
})

/** The TickStore in a database that is open. */
export const layerTickStore = Layer.effect(
  TickStore,
  Effect.map(SqlDatabase, (database) => make(database))
)

type Rows = Effect.Effect<ReadonlyArray<object>, SqlError>

const rowsOf = (rows: Rows): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
  Effect.flatMap(rows, (found) => Effect.orDie(decode(found)))

/** How rows become ticks. */
const makeReading = ({ withStoreErrors }: SqlDatabase["Service"]) => {
  const ticksOf = (rows: Rows) =>
    withStoreErrors(Effect.map(rowsOf(rows), (found) => found.map(tickOf)))
  const first = (rows: Rows) => Effect.map(ticksOf(rows), ([tick]) => tick ?? null)
  return { ticksOf, first }
}

const make = (database: SqlDatabase["Service"]): TickStore["Service"] =>
  TickStore.of({ ...makeHistory(database), ...makeRuns(database) })

/** What became of ticks. */
const makeHistory = (database: SqlDatabase["Service"]) => {
  const { sql, withStoreErrors } = database
  const { ticksOf, first } = makeReading(database)
  return {
    note: (tick) =>
      withStoreErrors(
        Effect.map(
          sql`INSERT INTO ticks ${sql.insert(columnsOf(tick))}
            ON CONFLICT (schedule, tick_key) DO UPDATE SET scheduled_for = excluded.scheduled_for, by_hand = excluded.by_hand,
              noted_at = excluded.noted_at, result = excluded.result, cause = excluded.cause, run_kind = excluded.run_kind,
              run_id = excluded.run_id, tick_count = excluded.tick_count, until_at = excluded.until_at, awaits = excluded.awaits
              WHERE ticks.result <> 'fired'
            RETURNING seq`,
          (rows) => rows.length > 0
        )
      ),
    find: (scheduleId, key) =>
      first(sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND tick_key = ${key}`),
    history: (scheduleId, { limit, after }) =>
      withStoreErrors(
        Effect.map(
          rowsOf(
            sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND seq < ${after === undefined ? Number.MAX_SAFE_INTEGER : cursorSeq(after)}
              ORDER BY seq DESC LIMIT ${limit + 1}`
          ),
          (rows) => ({
            ticks: rows.slice(0, limit).map(tickOf),
            next: rows.length > limit ? String(rows[limit - 1]?.seq) : null
          })
        )
      ),
    between: ({ from, to, limit, scheduleId }) =>
      ticksOf(
        scheduleId === undefined
          ? sql`SELECT * FROM ticks WHERE scheduled_for >= ${from} AND scheduled_for < ${to} ORDER BY scheduled_for, seq LIMIT ${limit}`
          : sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND scheduled_for >= ${from} AND scheduled_for < ${to} ORDER BY scheduled_for, seq LIMIT ${limit}`
      ),
    latest: (scheduleIds) =>
      Effect.map(
        Effect.forEach(inParts(scheduleIds), (part) =>
          ticksOf(
            sql`SELECT * FROM ticks WHERE seq IN (SELECT max(seq) FROM ticks WHERE ${sql.in("schedule", part)} GROUP BY schedule)`
          )
        ),
        (found) => found.flat()
      ),
    latestFired: (scheduleId) =>
      first(
        sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND result = 'fired' AND by_hand = 0 ORDER BY seq DESC LIMIT 1`
      ),
    spent: (scheduleId, { after, until }) =>
      withStoreErrors(
        Effect.map(
          sql<{
            at: number
          }>`SELECT scheduled_for AS at FROM ticks WHERE schedule = ${scheduleId} AND scheduled_for > ${after}
            AND scheduled_for <= ${until} AND result = 'fired' AND by_hand = 0 ORDER BY scheduled_for`,
          (rows) => rows.map(({ at }) => at)
        )
      ),
    awaiting: (scheduleId) =>
      withStoreErrors(
        Effect.map(
          sql<{
            schedule: string
          }>`SELECT DISTINCT schedule FROM ticks WHERE awaits = ${scheduleId}`,
          (rows) => rows.map(({ schedule }) => schedule)
        )
      ),
    remove: (scheduleId) =>
      Effect.asVoid(withStoreErrors(sql`DELETE FROM ticks WHERE schedule = ${scheduleId}`))
  } satisfies Partial<TickStore["Service"]>
}

/** What ticks have started. */
const makeRuns = (database: SqlDatabase["Service"]) => {
  const { sql, withStoreErrors } = database
  const { ticksOf, first } = makeReading(database)
  return {
    running: (scheduleId) =>
      ticksOf(
        sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND run_id IS NOT NULL AND run_ended_at IS NULL ORDER BY seq`
      ),
    end: (runId, { status, endedAt }) =>
      first(
        sql`UPDATE ticks SET run_status = ${status}, run_ended_at = ${endedAt} WHERE run_id = ${runId} AND run_ended_at IS NULL RETURNING *`
      ),
    beyond: (scheduleId, keptCount) =>
      Effect.map(
        ticksOf(
          sql`SELECT * FROM ticks WHERE schedule = ${scheduleId} AND run_id IS NOT NULL AND run_removed = 0
            ORDER BY seq DESC LIMIT ${1000} OFFSET ${keptCount}`
        ),
        (found) => found.filter(({ end }) => end !== null).toReversed()
      ),
    forget: (runIds) =>
      Effect.forEach(
        inParts(runIds),
        (part) =>
          withStoreErrors(sql`UPDATE ticks SET run_removed = 1 WHERE ${sql.in("run_id", part)}`),
        { discard: true }
      ),
    kept: (runIds) =>
      Effect.map(
        Effect.forEach(inParts(runIds), (part) =>
          withStoreErrors(
            sql<{
              id: string
            }>`SELECT run_id AS id FROM ticks WHERE ${sql.in("run_id", part)} AND run_removed = 0`
          )
        ),
        (found) => new Set(found.flat().map(({ id }) => id))
      )
  } satisfies Partial<TickStore["Service"]>
}
