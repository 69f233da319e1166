/** Pruning many tasks, on stores in memory. */
import { engine } from "@backbeat/core/history/Actor"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { makePrune } from "../../src/retention/prune.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

test("a prune of many tasks removes them in parts and lets other fibers run in between", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const store = yield* TaskStore
    const prune = yield* makePrune
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`)
    yield* createTasks(ids)
    yield* Effect.forEach(ids, (id) =>
      transitions.apply(
        id,
        {
          type: "End",
          end: { outcome: { kind: "exited", exitCode: 0 }, endedAt: 1, cpuMs: null }
        },
        engine
      )
    )
    const pruning = yield* Effect.forkChild(
      prune({
        endedBefore: Number.MAX_SAFE_INTEGER,
        statuses: ["completed"],
        dryRun: false,
        only: undefined
      })
    )
    const seen = new Set<number>()
    while (pruning.pollUnsafe() === undefined) {
      seen.add((yield* store.counts).completed)
      yield* Effect.yieldNow
    }
    expect((yield* Fiber.join(pruning)).removed).toHaveLength(200)
    expect(seen.size).toBeGreaterThan(5)
  }).pipe(Effect.provide(layerEngineRig()), Effect.runPromise))
