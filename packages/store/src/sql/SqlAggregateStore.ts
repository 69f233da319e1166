/** The AggregateStore in SQL. */
import type { StoredAggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind, Recorded } from "@backbeat/core/history/RecordedEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import {
  type AggregateChange,
  type AggregateFilter,
  AggregateStore,
  type DueAggregates
} from "../AggregateStore.ts"
import type { StoreError } from "../StoreError.ts"
import { countMax } from "../TaskStore.ts"
import { appendEvents, takeSequences } from "./appendEvents.ts"
import { inParts } from "./inParts.ts"
import { cursorSeq } from "./listTasks.ts"
import { type Damaged, SqlDatabase } from "./SqlDatabase.ts"
import { removeIds, recordIds } from "./SqlIdStore.ts"
import { describe, document } from "./TaskRow.ts"
import { atomically } from "./atomically.ts"

interface Named {
  readonly id: string
}

/** The AggregateStore in an open database. */
export const layerAggregateStore = Layer.effect(
  AggregateStore,
  Effect.map(SqlDatabase, (database) => make(database))
)

const make = ({
  sql,
  prepared,
  damaged,
  withStoreErrors
}: SqlDatabase["Service"]): AggregateStore["Service"] => ({
  find: (aggregate, id) =>
    withStoreErrors(
      sql`SELECT id, document FROM aggregates WHERE kind = ${aggregate.kind} AND id = ${id}`
    ).pipe(
      Effect.flatMap((rows) => statesOf(aggregate, damaged, rows)),
      Effect.map(([state]) => state ?? null)
    ),
  record: (aggregate, change) =>
    withStoreErrors(atomically(sql, recordChange({ sql, prepared }, aggregate, change))),
  list: (aggregate, filter, { limit, after }) =>
    Effect.gen(function* () {
      const { total, rows } = yield* withStoreErrors(
        listPage(sql, aggregate.kind, filter, { limit, after })
      )
      const states = yield* statesOf(aggregate, damaged, rows.slice(0, limit))
      return {
        total,
        states,
        next: rows.length > limit ? String(rows[limit - 1]?.["seq"]) : null
      }
    }),
  due: (aggregate, now, limit) =>
    Effect.map(
      withStoreErrors(
        sql`SELECT id, document FROM aggregates WHERE kind = ${aggregate.kind} AND due_at <= ${now} ORDER BY due_at, seq LIMIT ${limit}`
      ),
      (rows) => readableOf(aggregate, rows)
    ),
  setAside: (kind, id, status) =>
    Effect.asVoid(
      withStoreErrors(
        sql`UPDATE aggregates SET due_at = NULL, status = ${status} WHERE kind = ${kind} AND id = ${id}`
      )
    ),
  nextDueAt: (kind, now) =>
    withStoreErrors(
      Effect.map(
        sql<{
          due: number | null
        }>`SELECT min(due_at) AS due FROM aggregates WHERE kind = ${kind} AND due_at > ${now}`,
        ([row]) => row?.due ?? null
      )
    ),
  remove: (kind, ids) => withStoreErrors(atomically(sql, removeAggregates(sql, kind, ids)))
})

/** Decodes the state in a row with `id` and `document`. */
const makeStateOf = <Kind extends string, State extends Named>({
  State
}: StoredAggregate<Kind, State>) => {
  const decode = Schema.decodeUnknownResult(State)
  return (row: Row): Result.Result<State, string> =>
    Result.mapError(
      Result.flatMap(
        Result.try(() => document(row, "document")),
        decode
      ),
      describe
    )
}

/** Decodes the states in rows. Fails with StoreError (damaged), which names the id of an invalid row. */
const statesOf = <Kind extends string, State extends Named>(
  aggregate: StoredAggregate<Kind, State>,
  damaged: Damaged,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<State>, StoreError> => {
  const stateOf = makeStateOf(aggregate)
  return Effect.forEach(rows, (row): Effect.Effect<State, StoreError> => {
    const state = stateOf(row)
    return Result.isFailure(state)
      ? damaged(`${aggregate.kind} ${String(row["id"])}: ${state.failure}`)
      : Effect.succeed(state.success)
  })
}

/** Decodes the states in rows, and lists the invalid rows. */
const readableOf = <Kind extends string, State extends Named>(
  aggregate: StoredAggregate<Kind, State>,
  rows: ReadonlyArray<Row>
): DueAggregates<State> => {
  const stateOf = makeStateOf(aggregate)
  const read = rows.map((row) => ({ id: String(row["id"]), state: stateOf(row) }))
  return {
    states: read.flatMap(({ state }) => (Result.isSuccess(state) ? [state.success] : [])),
    unreadable: read.flatMap(({ id, state }) =>
      Result.isFailure(state) ? [{ id, message: state.failure }] : []
    )
  }
}

const recordChange = <
  Kind extends AggregateKind,
  State extends Named,
  Event extends { readonly type: string }
>(
  { sql, prepared }: Pick<SqlDatabase["Service"], "sql" | "prepared">,
  { kind, index }: StoredAggregate<Kind, State>,
  { state, events, at, actor }: AggregateChange<State, Event>
): Effect.Effect<ReadonlyArray<Recorded<Kind, Event>>, SqlError> =>
  Effect.gen(function* () {
    const last = yield* takeSequences(prepared, events.length)
    const recorded = events.map((event, place): Recorded<Kind, Event> => ({
      subject: kind,
      id: state.id,
      sequence: last + place + 1,
      at,
      actor,
      event
    }))
    const { status, createdAt, dueAt, owner } = index(state)
    yield* recordIds(sql, kind, [state.id])
    const row = {
      kind,
      id: state.id,
      status,
      created_at: createdAt,
      due_at: dueAt,
      owner,
      document: JSON.stringify(state)
    }
    yield* sql`INSERT INTO aggregates ${sql.insert(row)}
      ON CONFLICT (kind, id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at, due_at = excluded.due_at,
        owner = excluded.owner, document = excluded.document`
    yield* appendEvents(prepared, recorded)
    return recorded
  })

const listPage = (
  sql: SqlClient,
  kind: AggregateKind,
  { status, since }: AggregateFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined }
) =>
  Effect.gen(function* () {
    const conditions: ReadonlyArray<Fragment> = [
      sql`kind = ${kind}`,
      ...(status === undefined ? [] : [sql.in("status", status)]),
      ...(since === undefined ? [] : [sql`created_at >= ${since}`])
    ]
    const [count] = yield* sql<{
      total: number
    }>`SELECT count(*) AS total FROM (SELECT 1 FROM aggregates WHERE ${sql.and(conditions)} LIMIT ${countMax + 1}) AS counted`
    // An expression, so that SQLite finds few recent rows by `created_at` and does not scan all by
    // `seq`.
    const order = sql.literal(since === undefined ? "seq" : "seq + 0")
    const before = after === undefined ? [] : [sql`seq < ${cursorSeq(after)}`]
    const rows = yield* sql`
      SELECT seq, id, document FROM aggregates WHERE ${sql.and([...conditions, ...before])} ORDER BY ${order} DESC LIMIT ${limit + 1}`
    return { total: count?.total ?? 0, rows }
  })

/** Removes aggregates of a kind with their events and ids. Must run in a transaction. */
export const removeAggregates = (
  sql: SqlClient,
  kind: AggregateKind,
  ids: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    for (const part of inParts([...new Set(ids)])) {
      yield* sql`DELETE FROM aggregates WHERE kind = ${kind} AND ${sql.in("id", part)}`
      yield* sql`DELETE FROM events WHERE subject = ${kind} AND ${sql.in("subject_id", part)}`
      yield* removeIds(sql, kind, part)
    }
  })
