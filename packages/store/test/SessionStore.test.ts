/** Every SessionStore does the same, beside its TaskStore. */
import { afterAll, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { SessionStore } from "@backbeat/store/SessionStore"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import { TaskStore } from "@backbeat/store/TaskStore"

const folder = mkdtempSync(join(tmpdir(), "session-store-"))
afterAll(() => rmSync(folder, { recursive: true }))

const stores: ReadonlyArray<readonly [string, (database: string) => Layer.Layer<Stores, StoreError>]> = [
  ["memory", () => layerMemory],
  ["SQLite", (database) => layerSqlite({ path: join(folder, database) })]
]
const usage = (inputTokens: number) => ({ costUsd: 0.25, inputTokens, outputTokens: null })
const a = { agent: "one", id: "a" }

describe.each(stores)("%s: a session", (_, layer) => {
  const run = (database: string, body: (sessions: SessionStore["Service"], store: TaskStore["Service"]) => Effect.Effect<void, unknown>) =>
    Effect.runPromise(
      Effect.provide(Effect.flatMap(Effect.all([SessionStore, TaskStore]), ([sessions, store]) => body(sessions, store)), layer(database))
    )

  test("of an agent is found with what it had used last", () =>
    run("found", (sessions) =>
      Effect.gen(function* () {
        expect(yield* sessions.used(a, 9)).toBeNull()
        yield* sessions.note(a, 1, usage(1))
        yield* sessions.note({ ...a, agent: "two" }, 1, usage(7))
        yield* sessions.note(a, 2, usage(2))
        expect(yield* sessions.used(a, 9)).toEqual(usage(2))
      })
    ))

  test("is not found with what it had used later", () =>
    run("later", (sessions) =>
      Effect.gen(function* () {
        yield* sessions.note(a, 3, usage(1))
        expect([yield* sessions.used(a, 3), yield* sessions.used(a, 2)]).toEqual([usage(1), null])
      })
    ))

  test("is forgotten by the time at which it was used last", () =>
    run("forgotten", (sessions) =>
      Effect.gen(function* () {
        yield* sessions.note(a, 1, usage(1))
        yield* sessions.note({ ...a, id: "b" }, 1, usage(1))
        yield* sessions.note(a, 5, usage(2))
        yield* sessions.forget(5)
        expect([yield* sessions.used(a, 9), yield* sessions.used({ ...a, id: "b" }, 9)]).toEqual([usage(2), null])
      })
    ))

  test("is as it was when its transaction is taken back", () =>
    run("back", (sessions, store) =>
      Effect.gen(function* () {
        yield* sessions.note(a, 1, usage(1))
        const failing = store.transact(Effect.all([sessions.note(a, 2, usage(2)), sessions.forget(9), Effect.fail("no")]))
        expect(yield* Effect.flip(failing)).toBe("no")
        expect(yield* sessions.used(a, 9)).toEqual(usage(1))
      })
    ))
})
