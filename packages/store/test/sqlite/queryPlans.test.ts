/**
 * The cost of a read does not grow with the table: checks SQLite's query plan of every statement.
 */
import { wholeStore, type WholeStore } from "../wholeStore.ts"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CurrentTransformer } from "effect/sql/Statement"
import type { Statement } from "effect/sql/Statement"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { QueueStore } from "@backbeat/store/QueueStore"
import { SqlDatabase } from "@backbeat/store/sql/SqlDatabase"
import { layerSqliteStores } from "@backbeat/store/sqlite/layerSqlite"
import { layerDatabase } from "@backbeat/store/sqlite/SqliteDatabase"
import { ScratchDatabase } from "./ScratchDatabase.ts"
import { makePipelines, type Pipelines } from "../pipeline.ts"

let scratch: ScratchDatabase
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => {
  scratch.remove()
})

type Store = WholeStore & {
  readonly queues: QueueStore["Service"]
  readonly pipelines: Pipelines
  readonly aggregates: AggregateStore["Service"]
}

/** The query plan steps of all statements of a read. */
const plan = <A, E>(
  read: (store: Store) => Effect.Effect<A, E>
): Promise<ReadonlyArray<string>> => {
  const statements: Array<ReturnType<Statement<unknown>["compile"]>> = []
  const planning = Effect.gen(function* () {
    const store = {
      ...(yield* wholeStore),
      queues: yield* QueueStore,
      pipelines: yield* makePipelines,
      aggregates: yield* AggregateStore
    }
    yield* Effect.provideService(read(store), CurrentTransformer, (statement) => {
      statements.push(statement.compile())
      return Effect.succeed(statement)
    })
    const { sql } = yield* SqlDatabase
    const plans = yield* Effect.forEach(statements, ([text, parameters]) =>
      sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, parameters)
    )
    return plans.flat().map(({ detail }) => detail)
  })
  return Effect.runPromise(
    Effect.provide(
      planning,
      Layer.provideMerge(
        layerSqliteStores({ writers: "one" }),
        Layer.provideMerge(layerRecorded(statements), layerDatabase({ path: scratch.path }))
      )
    )
  )
}

/** Records prepared statements, which bypass the client. */
const layerRecorded = (statements: Array<ReturnType<Statement<unknown>["compile"]>>) =>
  Layer.effect(
    SqlDatabase,
    Effect.map(SqlDatabase, (database) => ({
      ...database,
      prepared: (text: string, values: Parameters<typeof database.prepared>[1]) => {
        statements.push([text, values])
        return database.prepared(text, values)
      }
    }))
  )

/** The steps that scan a whole table. */
const scans = (steps: ReadonlyArray<string>) =>
  steps.filter((step) =>
    /^SCAN (t|s|g|e|p|tasks|task_\w+|events|aggregates)\b(?!.*COVERING)/.test(step)
  )

const page = { limit: 50 }
const reads: Record<string, (store: Store) => Effect.Effect<unknown, unknown>> = {
  find: (store) => store.find("a"),
  "list by status": (store) => store.list({ status: ["running"] }, page),
  "list by statuses": (store) => store.list({ status: ["running", "queued"] }, page),
  "list by queue": (store) => store.list({ queue: "q" }, page),
  "list by queue and status": (store) => store.list({ queue: "q", status: ["running"] }, page),
  "list by source": (store) => store.list({ source: { kind: "loop", id: "l" } }, page),
  "list by status without hidden ones": (store) =>
    store.list({ status: ["running"], hidden: false }, page),
  "list by kind": (store) => store.list({ kind: "script" }, page),
  "list by session": (store) => store.list({ sessionId: "s" }, page),
  "list since": (store) => store.list({ since: 1 }, page),
  "list by status since": (store) => store.list({ status: ["completed"], since: 1 }, page),
  "list by ids and status": (store) => store.list({ ids: ["a", "b"], status: ["queued"] }, page),
  "list by tag": (store) => store.list({ tags: ["a"] }, page),
  "list by tags and status": (store) => store.list({ tags: ["a", "b"], status: ["queued"] }, page),
  "in status": (store) => store.inStatus(["failed"]),
  "live tasks": (store) => store.liveCount,
  counts: (store) => store.counts,
  "events by tasks": (store) => store.events({ since: 0, taskIds: ["a", "b"], limit: 9 }),
  "events of a pipeline": (store) => store.events({ since: 0, pipelineId: "p", limit: 9 }),
  "list by work": (store) => store.list({ workKey: "k" }, page),
  "list by pipeline": (store) => store.list({ pipelineId: "p" }, page),
  pipeline: (store) => store.pipelines.find("p"),
  "pipelines by status": (store) => store.pipelines.list({ status: ["running", "failed"] }, page),
  "pipelines since": (store) => store.pipelines.list({ since: 1 }, page),
  "aggregates due": (store) => store.aggregates.due(pipelineAggregate, 1, 9),
  "next due aggregate": (store) => store.aggregates.nextDueAt("pipeline", 1),
  "counts of pipelines": (store) => store.pipelines.counts(["p", "q"]),
  "events since": (store) => store.events({ since: 0, limit: 9 }),
  "ended before": (store) => store.endedBefore(1, ["completed", "failed"]),
  "counts of queues": (store) => store.queues.counts,
  "those ahead in a queue": (store) => store.queues.ahead("a", 1),
  remove: (store) => store.remove(["a", "b"])
}

describe("a read of a large table", () => {
  for (const [name, read] of Object.entries(reads)) {
    test(`finds its rows in an index: ${name}`, async () => {
      const steps = await plan(read)
      expect(steps.length).toBeGreaterThan(0)
      expect(scans(steps)).toEqual([])
    })
  }

  test("of the first page without a filter reads from the newest row", async () => {
    const steps = await plan((store) => store.list({}, page))
    expect(scans(steps)).toEqual(["SCAN t"])
    expect(steps.filter((step) => step.includes("TEMP B-TREE"))).toEqual([])
  })

  test("of the history by task, tag or pipeline uses an index and does not scan it", async () => {
    for (const filter of [
      { taskIds: ["a"] },
      { taskIds: ["a", "b"], types: ["task.started"] as const },
      { tag: "a" },
      { pipelineId: "p" }
    ]) {
      const steps = (await plan((store) => store.events({ since: 5, limit: 9, ...filter }))).filter(
        (step) => /\be\b/.test(step)
      )
      expect(steps.length).toBeGreaterThan(0)
      expect(
        steps.filter(
          (step) => !step.includes("events_subject (subject=? AND subject_id=? AND sequence>?)")
        )
      ).toEqual([])
    }
    expect(
      await plan((store) => store.events({ since: 5, limit: 9, taskIds: ["a"] }))
    ).toHaveLength(1)
  })

  test("for the end of a pipeline looks for one live task among any number", async () => {
    const steps = await plan((store) => store.pipelines.readyToConclude(["p"]))
    expect(steps.join("\n")).toContain(
      "COVERING INDEX tasks_pipeline_status (pipeline=? AND status=?)"
    )
    expect(scans(steps)).toEqual([])
  })

  test("for a removal finds tasks by id, not by their end", async () => {
    const steps = await plan((store) => store.remove(["a", "b"]))
    expect(steps.join("\n")).toContain("(id=?)")
  })
})
