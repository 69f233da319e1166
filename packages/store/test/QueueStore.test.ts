/** Runs the conformance suite on all QueueStores. */
import { wholeStore } from "./wholeStore.ts"
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { QueueStore } from "@backbeat/store/QueueStore"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { describeQueueStore } from "./QueueStore.conformance.ts"
import { creation, start } from "./task.ts"

describeQueueStore("memory", () => layerMemory)
describeQueueStore("SQLite", (folder) => layerSqlite({ path: join(folder, "backbeat.db") }))

describe("SQLite: a reopened database", () => {
  test("keeps its pauses, and the order of waiting tasks", async () => {
    const folder = mkdtempSync(join(tmpdir(), "queue-store-"))
    const layer = layerSqlite({ path: join(folder, "backbeat.db") })
    const pause = {
      at: start,
      actor: { kind: "caller", client: "cli", pid: 7 },
      reason: null
    } as const
    const priorities = ["P2", "P1", "P0", "P1", "P0", "P2"] as const
    await Effect.gen(function* () {
      const store = yield* wholeStore
      const queues = yield* QueueStore
      yield* queues.pause("builds", pause)
      yield* Effect.forEach(priorities, (priority, index) =>
        store.record([creation(`${priority}-${index}`, { spec: { priority } })])
      )
    }).pipe(Effect.provide(layer), Effect.runPromise)
    await Effect.gen(function* () {
      const store = yield* wholeStore
      const queues = yield* QueueStore
      expect(yield* queues.paused).toEqual(new Map([["builds", pause]]))
      const ready = yield* store.ready({ queue: "default", now: start, limit: 99 })
      expect(ready.map(({ id }) => id)).toEqual(["P0-2", "P0-4", "P1-1", "P1-3", "P2-0", "P2-5"])
    }).pipe(Effect.provide(layer), Effect.runPromise)
    rmSync(folder, { recursive: true })
  })
})
