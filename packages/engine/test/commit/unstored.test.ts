/**
 * Ends that cannot be stored are reported to the waiting callers: on stores in memory that reject
 * writes.
 */
import { engine } from "@backbeat/core/history/Actor"
import { Database } from "@backbeat/store/Database"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Reports } from "../../src/commit/Reports.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { makeWaitUntil } from "../../src/commit/until.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

/** Whether the store rejects writes. */
const disk = { isReadOnly: false }

const layerRefusing = Layer.provideMerge(
  Layer.effect(
    Database,
    Effect.map(Database, (store) =>
      Database.of({
        ...store,
        transact: (effect) =>
          disk.isReadOnly
            ? Effect.fail(
                new StoreError({ reason: "readonly", message: "EROFS: read-only file system" })
              )
            : store.transact(effect)
      })
    )
  ),
  layerMemory
)

test("a wait fails when the end of its task cannot be stored; the end is stored as soon as the store accepts it", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const reports = yield* Reports
    const store = yield* TaskStore
    const until = yield* makeWaitUntil
    yield* createTasks(["x"])
    yield* transitions.apply(
      "x",
      { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 0 },
      engine
    )
    expect((yield* store.find("x"))?.state.status).toBe("stopping")
    disk.isReadOnly = true
    const end = {
      outcome: { kind: "signalled", signal: "SIGTERM" },
      endedAt: 1,
      cpuMs: null
    } as const
    const reporting = yield* Effect.forkChild(
      reports.report({ id: "x", attempt: 1, byStop: true }, { type: "End", end })
    )
    const refused = yield* Effect.flip(until("x", ({ state }) => state.status === "cancelled"))
    expect(refused).toMatchObject({
      _tag: "StoreError",
      reason: "readonly",
      message:
        "the processes of task x are gone, but this cannot be stored: EROFS: read-only file system"
    })
    disk.isReadOnly = false
    expect((yield* until("x", ({ state }) => state.status === "cancelled")).state.status).toBe(
      "cancelled"
    )
    yield* Fiber.join(reporting)
  }).pipe(Effect.provide(layerEngineRig({ stores: layerRefusing })), Effect.runPromise))
