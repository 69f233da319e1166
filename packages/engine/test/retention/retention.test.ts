/** The daily removal of ended tasks, on stores in memory. */
import { engine } from "@backbeat/core/history/Actor"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerAlarm } from "../../src/alarm/Alarm.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { keepRetention } from "../../src/retention/retention.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"
import { makeSetClock, startAt } from "../SetClock.ts"

const dayMs = 86_400_000

test("a daily removal of many tasks lets other fibers run in between", () =>
  Effect.gen(function* () {
    const { clock, jump } = yield* makeSetClock
    yield* Effect.gen(function* () {
      const transitions = yield* Transitions
      const store = yield* TaskStore
      const ids = Array.from({ length: 200 }, (_, index) => `t${index}`)
      yield* createTasks(ids)
      const end = {
        outcome: { kind: "exited", exitCode: 0 },
        endedAt: startAt,
        cpuMs: null
      } as const
      yield* Effect.forEach(ids, (id) => transitions.apply(id, { type: "End", end }, engine))
      jump(100 * dayMs)
      yield* keepRetention([])
      const seen = new Set<number>()
      for (let left = ids.length; left > 0;) {
        left = (yield* store.counts).completed
        seen.add(left)
        yield* Effect.yieldNow
      }
      expect(seen.size).toBeGreaterThan(5)
    }).pipe(
      Effect.provide(Layer.provideMerge(layerEngineRig(), layerAlarm)),
      Effect.provideService(Clock.Clock, clock)
    )
  }).pipe(Effect.scoped, Effect.runPromise))
