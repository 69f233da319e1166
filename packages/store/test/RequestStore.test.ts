/** Every RequestStore does the same, beside its TaskStore. */
import { afterAll, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { RequestStore } from "@backbeat/store/RequestStore"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import { TaskStore } from "@backbeat/store/TaskStore"

const folder = mkdtempSync(join(tmpdir(), "request-store-"))
afterAll(() => rmSync(folder, { recursive: true }))

const stores: ReadonlyArray<readonly [string, (database: string) => Layer.Layer<Stores, StoreError>]> = [
  ["memory", () => layerMemory],
  ["SQLite", (database) => layerSqlite({ path: join(folder, database) })]
]

describe.each(stores)("%s: a request", (_, layer) => {
  const run = (database: string, body: (requests: RequestStore["Service"], store: TaskStore["Service"]) => Effect.Effect<void, unknown>) =>
    Effect.runPromise(
      Effect.provide(Effect.flatMap(Effect.all([RequestStore, TaskStore]), ([requests, store]) => body(requests, store)), layer(database))
    )

  test("is found with what was noted of it last", () =>
    run("found", (requests) =>
      Effect.gen(function* () {
        expect(yield* requests.find("a")).toBeNull()
        yield* requests.note("a", 1, "one")
        yield* requests.note("b", 1, "other")
        yield* requests.note("a", 2, "two")
        expect([yield* requests.find("a"), yield* requests.find("b")]).toEqual(["two", "other"])
      })
    ))

  test("is forgotten by the time at which it was noted first", () =>
    run("forgotten", (requests) =>
      Effect.gen(function* () {
        yield* requests.note("old", 1, "one")
        yield* requests.note("old", 9, "two")
        yield* requests.note("new", 5, "one")
        yield* requests.forget(5)
        expect([yield* requests.find("old"), yield* requests.find("new")]).toEqual([null, "one"])
      })
    ))

  test("is as it was when its transaction is taken back", () =>
    run("back", (requests, store) =>
      Effect.gen(function* () {
        yield* requests.note("a", 1, "one")
        const failing = store.transact(Effect.all([requests.note("a", 2, "two"), requests.note("b", 2, "two"), requests.forget(9), Effect.fail("no")]))
        expect(yield* Effect.flip(failing)).toBe("no")
        expect([yield* requests.find("a"), yield* requests.find("b")]).toEqual(["one", null])
      })
    ))
})
