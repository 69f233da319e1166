/** What is due of aggregates, on stores in memory under a clock that the test sets. */
import type { Aggregate } from "@backbeat/core/history/Aggregate"
import type { PipelineEvent } from "@backbeat/core/pipeline/PipelineEvent"
import { engine } from "@backbeat/core/history/Actor"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { layerAlarm } from "../../src/alarm/Alarm.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { commandWhenDue, keepAggregatesDue } from "../../src/supervisor/keepAggregatesDue.ts"
import { layerEngineRig } from "../EngineRig.ts"
import { owner } from "../plainSpec.ts"
import { makeSetClock, startAt } from "../SetClock.ts"

const Timer = Schema.Struct({ id: Schema.String, ringsAt: Schema.NullOr(Schema.Finite) })
type Timer = typeof Timer.Type
type Created = Extract<PipelineEvent, { readonly type: "pipeline.created" }>

/** Rings once, at the instant that its name says. It borrows the kind and the events of the pipelines: the history has to know them. */
const timers: Aggregate<"pipeline", Timer, PipelineEvent, Created, "ring", never> = {
  kind: "pipeline",
  State: Timer,
  index: ({ ringsAt }) => ({ status: "set", createdAt: 0, dueAt: ringsAt, owner: null }),
  create: (id, { name }) => ({ id, ringsAt: Number(name) }),
  decide: () => Result.succeed([{ type: "pipeline.completed" }]),
  evolve: ({ id }) => ({ id, ringsAt: null })
}

const created = (ringsAt: number): Created => ({
  type: "pipeline.created",
  name: String(ringsAt),
  taskIds: [],
  owner
})

test("what is due of an aggregate happens at its instant, whenever that was set", () =>
  Effect.gen(function* () {
    const set = yield* makeSetClock
    yield* Effect.gen(function* () {
      const transitions = yield* Transitions
      const store = yield* AggregateStore
      const add = (id: string, at: number) =>
        transitions.commit((tx) => tx.of(timers).create(id, created(startAt + at), engine))
      const settled = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })
      const pass = (ms: number) => Effect.andThen(set.pass(ms), settled)
      const isSet = (id: string) =>
        Effect.map(store.find(timers, id), (timer) => timer?.ringsAt !== null)
      yield* add("before", -5)
      yield* keepAggregatesDue([commandWhenDue(timers, "ring")])
      yield* settled
      expect(yield* isSet("before")).toBe(false)
      yield* add("late", 5000)
      yield* add("soon", 1000)
      yield* pass(999)
      expect([yield* isSet("soon"), yield* isSet("late")]).toEqual([true, true])
      yield* pass(1)
      expect([yield* isSet("soon"), yield* isSet("late")]).toEqual([false, true])
      yield* pass(4000)
      expect(yield* isSet("late")).toBe(false)
    }).pipe(
      Effect.provide(Layer.provideMerge(layerEngineRig(), layerAlarm)),
      Effect.provideService(Clock.Clock, set.clock)
    )
  }).pipe(Effect.scoped, Effect.runPromise))
