import { wholeStore } from "../wholeStore.ts"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { IdStore } from "@backbeat/store/IdStore"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import * as Effect from "effect/Effect"
import { makePipelines, pipelineChange, pipelineCreation } from "../pipeline.ts"
import { creation, life } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"

let scratch: ScratchDatabase
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => scratch.remove())

/** Reverts the database to the version before batches. */
const undoBatches = [
  "DROP INDEX tasks_batch_ready",
  "DROP INDEX tasks_batch_busy",
  "ALTER TABLE tasks DROP COLUMN batch",
  "ALTER TABLE tasks DROP COLUMN batch_limit"
]

/** Reverts the database to the version before sources. */
const undoSources = [
  "DROP INDEX tasks_source",
  "DROP INDEX tasks_hidden",
  "ALTER TABLE tasks DROP COLUMN source",
  "ALTER TABLE tasks DROP COLUMN hidden"
]

/** Reverts the database to the version before work keys. */
const undoWork = [
  ...undoSources,
  "DROP TABLE ticks",
  "DROP INDEX tasks_work",
  "ALTER TABLE tasks DROP COLUMN work_key"
]

/** Reverts the database to the version in which pipelines had their own table. */
const undoAggregates = [
  ...undoWork,
  `CREATE TABLE pipelines (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, created_at DOUBLE PRECISION NOT NULL,
    name TEXT, task_ids TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL)`,
  `INSERT INTO pipelines SELECT seq, id, status, created_at, document ->> '$.name', document -> '$.taskIds',
    document -> '$.owner', document -> '$.state' FROM aggregates ORDER BY seq`,
  "DROP TABLE aggregates",
  "DELETE FROM migrations WHERE migration_id > 9"
]

/** Reverts the database to the version in which the history had only tasks. */
const undoPipelines = [
  ...undoWork,
  ...undoBatches,
  "DROP TABLE ids",
  "DROP TABLE home",
  "DROP TABLE sessions",
  "DROP TABLE requests",
  "DROP TABLE aggregates",
  "DROP INDEX tasks_pipeline_status",
  "ALTER TABLE events RENAME TO latest_events",
  `CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, task_seq BIGINT NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
    type TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL)`,
  `INSERT INTO events SELECT e.sequence, t.seq, e.type, e.at, e.actor, e.event
    FROM latest_events e JOIN tasks t ON t.id = e.subject_id WHERE e.subject = 'task'`,
  "DROP TABLE latest_events",
  "CREATE INDEX events_task ON events (task_seq, sequence)",
  "DELETE FROM migrations WHERE migration_id > 3"
]

/** Reverts the database to the version in which tasks and pipelines had separate ids. */
const undoIds = [
  ...undoAggregates,
  ...undoBatches,
  "DROP TABLE home",
  "DROP TABLE ids",
  "DELETE FROM migrations WHERE migration_id > 6"
]

/** Reverts the database to the first migration. */
const undoDependencies = [
  ...undoPipelines,
  "DROP TABLE task_waits",
  "DROP TABLE queue_pauses",
  "DROP INDEX tasks_pipeline",
  "ALTER TABLE tasks DROP COLUMN lineage",
  "ALTER TABLE tasks DROP COLUMN pipeline",
  "UPDATE task_specs SET spec = json_remove(spec, '$.dependsOn', '$.delayMs')",
  "UPDATE events SET event = json_remove(event, '$.spec.dependsOn', '$.spec.delayMs', '$.lineage')",
  "DELETE FROM migrations WHERE migration_id > 1"
]

describe("a database from before dependencies", () => {
  test("keeps its tasks and their history, without dependencies and lineage", async () => {
    const before = await scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.record([...life("done"), creation("waiting", { spec: { tags: ["kept"] } })])
        return {
          tasks: yield* store.list({}, { limit: 9 }),
          events: yield* store.events({ since: 0, limit: 99 })
        }
      })
    )
    scratch.alter(...undoDependencies)
    const after = await scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.record([creation("new", { blocked: true })])
        yield* store.waitFor("new", [{ task: "waiting", on: "success" }])
        return {
          tasks: yield* store.list({ ids: ["done", "waiting"] }, { limit: 9 }),
          events: yield* store.events({ since: 0, limit: 99, taskIds: ["done", "waiting"] }),
          waits: yield* store.waitsOf("new")
        }
      })
    )
    expect(after).toEqual({ ...before, waits: [{ task: "waiting", on: "success" }] })
  })
})

describe("a database from before pipelines", () => {
  test("keeps its whole history with every sequence, which pipelines continue", async () => {
    const before = await scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.record([
          ...life("gone"),
          ...life("done", { spec: { tags: ["kept"] } }),
          creation("waiting")
        ])
        yield* store.remove(["gone"])
        return {
          events: yield* store.events({ since: 0, limit: 99 }),
          last: yield* store.lastSequence
        }
      })
    )
    expect(before.events.map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7])
    scratch.alter(...undoPipelines)
    await Effect.gen(function* () {
      const store = yield* wholeStore
      const pipelines = yield* makePipelines
      expect({
        events: yield* store.events({ since: 0, limit: 99 }),
        last: yield* store.lastSequence
      }).toEqual(before)
      expect(yield* store.events({ since: 0, limit: 99, taskIds: ["done"] })).toEqual(
        before.events.slice(0, 3)
      )
      expect(yield* store.events({ since: 0, limit: 99, tag: "kept" })).toEqual(
        before.events.slice(0, 3)
      )
      const [recorded] = yield* pipelines.record(pipelineCreation("p", ["waiting"]))
      expect(recorded).toMatchObject({ subject: "pipeline", id: "p", sequence: 8 })
      yield* store.remove(["done"])
      expect(
        (yield* store.events({ since: 0, limit: 99 })).map(({ subject, sequence }) => [
          subject,
          sequence
        ])
      ).toEqual([
        ["task", 7],
        ["pipeline", 8]
      ])
      expect(yield* store.check).toMatchObject({ ok: true })
    }).pipe(Effect.provide(layerSqlite({ path: scratch.path })), Effect.runPromise)
  })
})

describe("a database from before one table of aggregates", () => {
  test("keeps its pipelines and their order, also one with a damaged row", async () => {
    const first = pipelineCreation("first", ["a"], 1_790_000_000_000.5)
    const second = pipelineCreation("second", [])
    const ended = pipelineChange(second.pipeline, { type: "Conclude", failed: null })
    await Effect.gen(function* () {
      const pipelines = yield* makePipelines
      for (const each of [first, second, pipelineCreation("broken", []), ended]) {
        yield* pipelines.record(each)
      }
    }).pipe(Effect.provide(layerSqlite({ path: scratch.path })), Effect.runPromise)
    scratch.alter(...undoAggregates, "UPDATE pipelines SET owner = 'no JSON' WHERE id = 'broken'")
    await Effect.gen(function* () {
      const pipelines = yield* makePipelines
      expect(yield* pipelines.find("first")).toEqual(first.pipeline)
      expect(yield* pipelines.find(second.pipeline.id)).toEqual(ended.pipeline)
      expect(yield* Effect.flip(pipelines.find("broken"))).toMatchObject({ reason: "damaged" })
      const { pipelines: completed } = yield* pipelines.list(
        { status: ["completed"] },
        { limit: 9 }
      )
      expect(completed).toEqual([ended.pipeline])
      const { total } = yield* pipelines.list({ status: ["running"], since: 0 }, { limit: 0 })
      expect(total).toBe(2)
    }).pipe(Effect.provide(layerSqlite({ path: scratch.path })), Effect.runPromise)
  })
})

describe("a database from before ids were shared by all kinds", () => {
  test("keeps a task and a pipeline with the same id, which is the pipeline's after the task is removed", async () => {
    await Effect.gen(function* () {
      yield* (yield* wholeStore).record([...life("both"), creation("alone")])
      yield* (yield* makePipelines).record(pipelineCreation("own", []))
    }).pipe(Effect.provide(layerSqlite({ path: scratch.path })), Effect.runPromise)
    scratch.alter(...undoIds, "UPDATE pipelines SET id = 'both'")
    await Effect.gen(function* () {
      const [ids, store, pipelines] = [yield* IdStore, yield* wholeStore, yield* makePipelines]
      expect(yield* Effect.forEach(["both", "alone", "own"], ids.kindOf)).toEqual([
        "task",
        "task",
        null
      ])
      expect([(yield* store.find("both"))?.id, (yield* pipelines.find("both"))?.id]).toEqual([
        "both",
        "both"
      ])
      yield* store.remove(["both"])
      expect(yield* ids.kindOf("both")).toBe("pipeline")
    }).pipe(Effect.provide(layerSqlite({ path: scratch.path })), Effect.runPromise)
  })
})
