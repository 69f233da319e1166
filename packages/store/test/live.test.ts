/** Live tasks in memory, with a second writer and after failed transactions. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { creation, life } from "./task.ts"
import { wholeStore } from "./wholeStore.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "live-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ids = (tasks: ReadonlyArray<{ readonly id: string }>) => tasks.map(({ id }) => id)

const ready = { queue: "default", now: 1e15, limit: 10 }

const layer = () => layerSqlite({ path: join(folder, "backbeat.db"), writers: "many" })

/** Runs the body with two stores on one database, each with its own memory. */
const withTwo = <A, E>(
  body: (
    one: Effect.Success<typeof wholeStore>,
    other: Effect.Success<typeof wholeStore>
  ) => Effect.Effect<A, E>
): Promise<A> => {
  return Effect.runPromise(
    Effect.gen(function* () {
      const one = yield* wholeStore
      const inner = Effect.gen(function* () {
        return yield* body(one, yield* wholeStore)
      })
      return yield* Effect.provide(inner, layer())
    }).pipe(Effect.provide(layer()))
  )
}

/** Opens the database, and closes it after the body. */
const use = <A, E>(body: (store: Effect.Success<typeof wholeStore>) => Effect.Effect<A, E>) =>
  Effect.runPromise(
    Effect.provide(
      Effect.flatMap(wholeStore, body),
      layerSqlite({ path: join(folder, "backbeat.db") })
    )
  )

describe("live tasks in memory with a second writer", () => {
  test("include the commits of the other before each read or decision", () =>
    withTwo((one, other) =>
      Effect.gen(function* () {
        yield* one.record([creation("a")])
        expect(ids(yield* other.ready(ready))).toEqual(["a"])
        yield* other.record([creation("b")])
        yield* one.transact(
          Effect.gen(function* () {
            expect(ids(yield* one.ready(ready))).toEqual(["a", "b"])
            expect(yield* one.liveCount).toBe(2)
          })
        )
      })
    ))

  test("do not include tasks that the other has ended, nor waits for them", () =>
    withTwo((one, other) =>
      Effect.gen(function* () {
        yield* one.record([creation("first"), creation("second", { blocked: true })])
        yield* one.waitFor("second", [{ task: "first", on: "success" }])
        expect(yield* other.waitsOf("second")).toEqual([{ task: "first", on: "success" }])
        yield* other.transact(
          Effect.gen(function* () {
            yield* other.record(life("first").slice(1))
            yield* other.deleteWaits({ ended: ["first"], withdrawn: [] }, ["second"])
          })
        )
        expect(yield* one.liveCount).toBe(1)
        expect(yield* one.waitsOf("second")).toEqual([])
        expect((yield* one.find("first"))?.state.status).toBe("completed")
      })
    ))

  test("have one sequence without a gap when both write", () =>
    withTwo((one, other) =>
      Effect.gen(function* () {
        for (const turn of [1, 2, 3]) {
          yield* one.record([creation(`one${turn}`)])
          yield* other.record([creation(`other${turn}`)])
        }
        const events = yield* one.events({ since: 0, limit: 100 })
        expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6])
        expect(ids(yield* one.ready(ready))).toEqual(ids(yield* other.ready(ready)))
      })
    ))
})

describe("live tasks in memory", () => {
  test("are unchanged after a failed transaction", () =>
    Effect.gen(function* () {
      const store = yield* wholeStore
      yield* store.record([creation("kept")])
      const failing = Effect.gen(function* () {
        yield* store.record([creation("dropped"), ...life("kept").slice(1)])
        expect(ids(yield* store.ready(ready))).toEqual(["dropped"])
        return yield* Effect.fail("no")
      })
      expect(yield* Effect.flip(store.transact(failing))).toBe("no")
      expect(ids(yield* store.ready(ready))).toEqual(["kept"])
      expect(yield* store.find("dropped")).toBe(null)
    }).pipe(Effect.provide(layerSqlite({ path: join(folder, "backbeat.db") })), Effect.runPromise))

  test("are loaded before the first call looks at what waits", async () => {
    await use((store) =>
      Effect.gen(function* () {
        yield* store.record([creation("a"), creation("b", { blocked: true })])
        yield* store.record([creation("c", { blocked: true })])
        yield* store.waitFor("b", [{ task: "a", on: "end" }])
        yield* store.waitFor("c", [{ task: "a", on: "end" }])
      })
    )
    await use((store) => store.waitFor("b", []))
    expect(
      await use((store) => store.deleteWaits({ ended: [], withdrawn: ["c"] }, ["b", "c"]))
    ).toEqual(["b", "c"])
  })
})
