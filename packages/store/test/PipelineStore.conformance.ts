/**
 * The conformance suite of PipelineStores and of pipelines in AggregateStores. Each implementation
 * runs it.
 */
import { wholeStore, type WholeStore } from "./wholeStore.ts"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import { create, upTo } from "./conformance/rig.ts"
import { makePipelines, type Pipelines, pipelineChange, pipelineCreation } from "./pipeline.ts"
import { change, creation, exit, life, start } from "./task.ts"

type Body<A, E> = (pipelines: Pipelines, store: WholeStore) => Effect.Effect<A, E>
type Run = <A, E>(body: Body<A, E>) => Promise<A>

/** Defines the suite for the stores of `layer` in a scratch folder. */
export const describePipelineStore = (
  name: string,
  layer: (folder: string) => Layer.Layer<Stores, StoreError>
) => {
  let folder = ""
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pipeline-store-"))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const run: Run = (body) =>
    Effect.runPromise(
      Effect.provide(
        Effect.flatMap(Effect.all([makePipelines, wholeStore]), ([pipelines, store]) =>
          body(pipelines, store)
        ),
        layer(folder)
      )
    )
  describeRecords(name, run)
  describeHistory(name, run)
  describeLists(name, run)
  describeTasks(name, run)
  describeRemoval(name, run)
}

const ids = (all: ReadonlyArray<{ readonly id: string }>) => all.map(({ id }) => id)
const of = (pipelineId: string) => ({ lineage: { pipelineId } })
const summaryOf = (events: ReadonlyArray<RecordedEvent>) =>
  events.map(({ sequence, id, event }) => [sequence, id, event.type])
const conclude = { type: "Conclude", failed: null } as const

const describeRecords = (name: string, run: Run) => {
  describe(`${name}: a pipeline`, () => {
    test("is read as it was written, in every status", () =>
      run((pipelines) =>
        Effect.gen(function* () {
          expect(yield* pipelines.find("p")).toBeNull()
          const made = pipelineCreation("p", ["b", "a"], start + 0.5)
          const cancelling = pipelineChange(made.pipeline, { type: "Cancel", reason: "né 🥁" })
          for (const each of [
            made,
            cancelling,
            pipelineChange(cancelling.pipeline, conclude, start + 9),
            pipelineChange(made.pipeline, conclude),
            pipelineChange(made.pipeline, { type: "Conclude", failed: "b" })
          ]) {
            yield* pipelines.record(each)
            expect(yield* pipelines.find("p")).toEqual(each.pipeline)
          }
        })
      ))

    test("is part of the transaction: rolled back with it, or alone", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const both = Effect.andThen(
            store.record([creation("a", of("lost"))]),
            pipelines.record(pipelineCreation("lost", ["a"]))
          )
          yield* Effect.exit(store.transact(Effect.andThen(both, Effect.fail("no"))))
          expect([
            yield* store.find("a"),
            yield* pipelines.find("lost"),
            yield* store.lastSequence
          ]).toEqual([null, null, 0])
          yield* store.transact(
            Effect.gen(function* () {
              yield* Effect.exit(
                store.transact(
                  Effect.andThen(pipelines.record(pipelineCreation("inner", [])), Effect.fail("no"))
                )
              )
              yield* pipelines.record(pipelineCreation("outer", []))
            })
          )
          expect(ids((yield* pipelines.list({}, { limit: 9 })).pipelines)).toEqual(["outer"])
          expect(summaryOf(yield* store.events({ since: 0, limit: 9 }))).toEqual([
            [1, "outer", "pipeline.created"]
          ])
        })
      ))
  })
}

const describeHistory = (name: string, run: Run) => {
  describe(`${name}: the history of pipelines`, () => {
    test("is shared with tasks, without a gap", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const [created, opened, ended] = life("a", of("p"))
          if (created === undefined || opened === undefined || ended === undefined)
            throw new Error("no life")
          const made = pipelineCreation("p", ["a"])
          const recorded = [
            ...(yield* pipelines.record(made)),
            ...(yield* store.record([created])),
            ...(yield* store.record([creation("p")])),
            ...(yield* store.record([opened, ended])),
            ...(yield* pipelines.record(pipelineChange(made.pipeline, conclude)))
          ]
          const all = yield* store.events({ since: 0, limit: 99 })
          expect(all).toEqual(recorded)
          expect(summaryOf(all)).toEqual([
            [1, "p", "pipeline.created"],
            [2, "a", "task.created"],
            [3, "p", "task.created"],
            [4, "a", "task.started"],
            [5, "a", "task.completed"],
            [6, "p", "pipeline.completed"]
          ])
          expect(yield* store.lastSequence).toBe(6)
          const read = (filter: Partial<Parameters<typeof store.events>[0]>) =>
            Effect.map(store.events({ since: 0, limit: 99, ...filter }), (events) =>
              events.map(({ sequence }) => sequence)
            )
          // A task may have the id of a pipeline.
          expect(yield* read({ pipelineId: "p" })).toEqual([1, 2, 4, 5, 6])
          expect(yield* read({ pipelineId: "p", since: 2, limit: 2 })).toEqual([4, 5])
          expect(yield* read({ pipelineId: "p", taskIds: ["a"] })).toEqual([2, 4, 5])
          expect(yield* read({ pipelineId: "other" })).toEqual([])
          expect(yield* read({ taskIds: ["p"] })).toEqual([3])
          expect(yield* read({ types: ["pipeline.created", "task.started"] })).toEqual([1, 4])
        })
      ))

    test("is not found by tags", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          yield* pipelines.record(pipelineCreation("t1", ["t1"]))
          yield* store.record(
            upTo(600).map((index) =>
              creation(`t${index}`, { spec: { tags: ["most", ...(index === 1 ? ["one"] : [])] } })
            )
          )
          expect(
            (yield* store.events({ since: 0, tag: "one", limit: 99 })).map(
              ({ sequence }) => sequence
            )
          ).toEqual([2])
          expect(
            (yield* store.events({ since: 0, tag: "most", limit: 2 })).map(
              ({ sequence }) => sequence
            )
          ).toEqual([2, 3])
        })
      ))
  })
}

const describeLists = (name: string, run: Run) => {
  describe(`${name}: a list of pipelines`, () => {
    test("has the newest first, in pages, by status and time", () =>
      run((pipelines) =>
        Effect.gen(function* () {
          const made = ["a", "b", "c", "d"].map((id, index) =>
            pipelineCreation(id, [], start + index)
          )
          yield* Effect.forEach(made, pipelines.record)
          const [, b] = made
          if (b === undefined) throw new Error("no pipeline")
          yield* pipelines.record(pipelineChange(b.pipeline, conclude))
          const list = (...given: Parameters<typeof pipelines.list>) =>
            Effect.map(pipelines.list(...given), (page) => [page.total, ids(page.pipelines)])
          const first = yield* pipelines.list({}, { limit: 3 })
          expect([first.total, ids(first.pipelines)]).toEqual([4, ["d", "c", "b"]])
          const rest = yield* pipelines.list({}, { limit: 3, after: first.next ?? "" })
          expect([rest.total, ids(rest.pipelines), rest.next]).toEqual([4, ["a"], null])
          expect(yield* list({ status: ["running"] }, { limit: 9 })).toEqual([3, ["d", "c", "a"]])
          expect(yield* list({ status: ["completed", "failed"] }, { limit: 9 })).toEqual([1, ["b"]])
          expect(yield* list({ since: start + 1 }, { limit: 2 })).toEqual([3, ["d", "c"]])
          expect(yield* list({ status: ["running"], since: start + 1 }, { limit: 9 })).toEqual([
            2,
            ["d", "c"]
          ])
          expect(yield* list({ status: [] }, { limit: 9 })).toEqual([0, []])
          expect(yield* list({}, { limit: 9, after: "nonsense" })).toEqual([4, []])
        })
      ))
  })
}

const describeTasks = (name: string, run: Run) => {
  describe(`${name}: the tasks of pipelines`, () => {
    test("are counted by status", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const failed = change(creation("f", of("p")).task, { type: "Open" })
          yield* create(store, [
            ...life("c", of("p")),
            creation("q", of("p")),
            creation("b1", { ...of("p"), blocked: true }),
            creation("b2", { ...of("p"), blocked: true }),
            creation("f", of("p")),
            failed,
            change(failed.task, exit(1)),
            creation("x", of("q")),
            creation("alone")
          ])
          expect(yield* pipelines.counts(["q", "p", "nobody"])).toEqual([
            { pipeline: "p", status: "blocked", count: 2 },
            { pipeline: "p", status: "completed", count: 1 },
            { pipeline: "p", status: "failed", count: 1 },
            { pipeline: "p", status: "queued", count: 1 },
            { pipeline: "q", status: "queued", count: 1 }
          ])
          expect(yield* pipelines.counts([])).toEqual([])
        })
      ))

    test("show which pipelines are ready to conclude: running, and no task is live", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const ready = (...given: ReadonlyArray<string>) => pipelines.readyToConclude(given)
          const [created, opened, ended] = life("a", of("p"))
          if (created === undefined || opened === undefined || ended === undefined)
            throw new Error("no life")
          const made = pipelineCreation("p", ["a"])
          yield* pipelines.record(made)
          yield* create(store, [created, ...life("b", of("p")), creation("other", of("q"))])
          yield* pipelines.record(pipelineCreation("q", ["other"]))
          expect(yield* ready("p", "q")).toEqual([])
          yield* create(store, [opened])
          expect(yield* ready("p", "q")).toEqual([])
          yield* create(store, [ended])
          expect(yield* ready("p", "q", "nobody")).toEqual(["p"])
          expect(yield* ready()).toEqual([])
          yield* pipelines.record(pipelineChange(made.pipeline, conclude))
          expect(yield* ready("p", "q")).toEqual([])
        })
      ))

    test("may be very many", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const names = upTo(120).map((index) => `p${index}`)
          yield* store.transact(
            Effect.forEach(names, (id) => pipelines.record(pipelineCreation(id, [])))
          )
          yield* store.record(names.flatMap((id) => life(`${id}.1`, of(id))))
          expect((yield* pipelines.readyToConclude(names)).length).toBe(120)
          expect((yield* pipelines.counts(names)).length).toBe(120)
        })
      ))
  })
}

const describeRemoval = (name: string, run: Run) => {
  describe(`${name}: a pipeline without tasks`, () => {
    test("is removed with its events after its end, and nothing else is", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          for (const id of ["done", "kept", "runs"]) {
            const made = pipelineCreation(id, [])
            yield* pipelines.record(made)
            if (id !== "runs") yield* pipelines.record(pipelineChange(made.pipeline, conclude))
          }
          yield* create(store, [
            ...life("a", of("done")),
            ...life("b", of("kept")),
            ...life("done"),
            ...life("kept")
          ])
          expect(yield* pipelines.removeEmpty).toEqual([])
          // A task may have the id of a pipeline.
          yield* store.remove(["a", "kept"])
          const failing = Effect.andThen(pipelines.removeEmpty, Effect.fail("no"))
          yield* Effect.exit(store.transact(failing))
          expect(yield* pipelines.find("done")).not.toBeNull()
          expect(yield* pipelines.removeEmpty).toEqual(["done"])
          expect(ids((yield* pipelines.list({}, { limit: 9 })).pipelines)).toEqual(["runs", "kept"])
          const left = (yield* store.events({ since: 0, limit: 99 })).map(
            ({ subject, id }) => `${subject} ${id}`
          )
          expect([...new Set(left)]).toEqual([
            "pipeline kept",
            "pipeline runs",
            "task b",
            "task done"
          ])
        })
      ))

    test("frees its id, and the sequence of the history does not decrease", () =>
      run((pipelines, store) =>
        Effect.gen(function* () {
          const made = pipelineCreation("p", [])
          yield* pipelines.record(made)
          yield* pipelines.record(pipelineChange(made.pipeline, conclude))
          expect(yield* pipelines.removeEmpty).toEqual(["p"])
          expect(yield* store.lastSequence).toBe(2)
          const [again] = yield* pipelines.record(made)
          expect(again?.sequence).toBe(3)
          expect(summaryOf(yield* store.events({ since: 0, limit: 9 }))).toEqual([
            [3, "p", "pipeline.created"]
          ])
        })
      ))
  })
}
