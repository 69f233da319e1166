/** The waits of blocked tasks. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { change, creation, life } from "../task.ts"
import { create, ids, recordAll } from "./rig.ts"
import type { Rig, Store } from "./rig.ts"

/** `test` and `lint` wait for `build`, `deploy` for both. */
const begin = (store: Store) =>
  Effect.gen(function* () {
    yield* create(store, [
      creation("build"),
      ...["deploy", "test", "lint"].map((id) => creation(id, { blocked: true }))
    ])
    yield* store.waitFor("test", [{ task: "build", on: "success" }])
    yield* store.waitFor("lint", [{ task: "build", on: "end" }])
    yield* store.waitFor("deploy", [
      { task: "lint", on: "failure" },
      { task: "test", on: "success" }
    ])
  })
const waiting = (store: Store, ...on: ReadonlyArray<string>) =>
  Effect.map(store.dependents(on), (found) =>
    found.map(({ dependency, task, on: end }) => [task.id, end, dependency])
  )

/** Defines these tests for the store of the rig. */
export const describeWaits = ({ name, run }: Rig) => {
  describe(`${name}: waits`, () => {
    test("are found by dependent and by dependency, in the order of creation", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* begin(store)
          expect(yield* store.waitsOf("deploy")).toEqual([
            { task: "test", on: "success" },
            { task: "lint", on: "failure" }
          ])
          expect(yield* waiting(store, "build")).toEqual([
            ["test", "success", "build"],
            ["lint", "end", "build"]
          ])
          expect((yield* waiting(store, "build", "test", "build")).toSorted()).toEqual([
            ["deploy", "success", "test"],
            ["lint", "end", "build"],
            ["test", "success", "build"]
          ])
          expect(yield* waiting(store, "deploy", "nobody")).toEqual([])
          expect(yield* waiting(store)).toEqual([])
          expect(yield* store.waitsOf("build")).toEqual([])
        })
      ))

    test("end with their dependency; a task is free when its last wait ends", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* begin(store)
          expect(
            yield* store.deleteWaits({ ended: ["build"], withdrawn: [] }, ["lint", "test"])
          ).toEqual(["test", "lint"])
          expect(yield* waiting(store, "build")).toEqual([])
          expect(yield* store.deleteWaits({ ended: ["test"], withdrawn: [] }, ["deploy"])).toEqual(
            []
          )
          expect(yield* store.waitsOf("deploy")).toEqual([{ task: "lint", on: "failure" }])
          expect(
            yield* store.deleteWaits({ ended: ["lint"], withdrawn: [] }, ["deploy", "deploy"])
          ).toEqual(["deploy"])
        })
      ))

    test("of a withdrawn task end all at once", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* begin(store)
          expect(yield* store.deleteWaits({ ended: ["test"], withdrawn: ["deploy"] }, [])).toEqual(
            []
          )
          expect(yield* store.waitsOf("deploy")).toEqual([])
          expect(yield* waiting(store, "lint")).toEqual([])
        })
      ))

    test("are replaced by new ones", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* begin(store)
          yield* store.waitFor("deploy", [{ task: "build", on: "end" }])
          expect(yield* store.waitsOf("deploy")).toEqual([{ task: "build", on: "end" }])
          yield* store.waitFor("deploy", [])
          expect(yield* store.waitsOf("deploy")).toEqual([])
        })
      ))

    test("are rolled back with their transaction", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* begin(store)
          const failing = Effect.andThen(
            store.deleteWaits({ ended: ["build"], withdrawn: ["deploy"] }, []),
            Effect.fail("no")
          )
          yield* Effect.flip(store.transact(failing))
          expect((yield* waiting(store, "build")).length).toBe(2)
          expect((yield* store.waitsOf("deploy")).length).toBe(2)
        })
      ))

    test("may be hundreds, in both directions", () =>
      run((store) =>
        Effect.gen(function* () {
          const names = Array.from(
            { length: 300 },
            (_, index) => `t${String(index).padStart(3, "0")}`
          )
          yield* recordAll(store, [
            creation("root"),
            creation("last", { blocked: true }),
            ...names.map((id) => creation(id, { blocked: true }))
          ])
          yield* store.transact(
            Effect.forEach(names, (id) => store.waitFor(id, [{ task: "root", on: "success" }]))
          )
          yield* store.waitFor(
            "last",
            names.slice(0, 100).map((task) => ({ task, on: "end" }) as const)
          )
          const found = yield* store.dependents(["root"])
          expect(ids(found.map(({ task }) => task))).toEqual(names)
          expect(yield* store.deleteWaits({ ended: ["root"], withdrawn: [] }, names)).toEqual(names)
          expect((yield* store.dependents(names)).length).toBe(100)
          expect(yield* store.deleteWaits({ ended: names, withdrawn: [] }, ["last"])).toEqual([
            "last"
          ])
        })
      ))

    test("do not prevent the removal of ended tasks", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(store, [...life("done"), creation("next", { blocked: true })])
          yield* store.waitFor("next", [{ task: "done", on: "success" }])
          expect(yield* store.remove(["done", "next"])).toEqual(["done"])
          expect(yield* store.waitsOf("next")).toEqual([])
        })
      ))

    test("are stored beside a lineage, by which steps are listed", () =>
      run((store) =>
        Effect.gen(function* () {
          const lineage = { retryOf: "a", parentTaskId: "b", pipelineId: "p" }
          const made = creation("step", { lineage })
          yield* create(store, [creation("other"), made, change(made.task, { type: "Open" })])
          expect((yield* store.find("step"))?.lineage).toEqual(lineage)
          const page = yield* store.list({ pipelineId: "p" }, { limit: 9 })
          expect([page.total, ids(page.tasks)]).toEqual([1, ["step"]])
        })
      ))
  })
}
