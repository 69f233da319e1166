/** Tests AggregateStores with due times. PipelineStore.conformance.ts tests the rest. */
import { wholeStore } from "./wholeStore.ts"
import { expect, test } from "bun:test"
import type { StoredAggregate } from "@backbeat/core/history/Aggregate"
import { engine } from "@backbeat/core/history/Actor"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { IdStore } from "@backbeat/store/IdStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describeEachStore } from "./eachStore.ts"

const Timer = Schema.Struct({ id: Schema.String, ringsAt: Schema.NullOr(Schema.Finite) })
type Timer = typeof Timer.Type

/**
 * An aggregate with a due time. It uses the kind of pipelines, because the history must know its
 * kind.
 */
const timers: StoredAggregate<"pipeline", Timer> = {
  kind: "pipeline",
  State: Timer,
  index: ({ ringsAt }) => ({
    status: ringsAt === null ? "silent" : "set",
    createdAt: 0,
    dueAt: ringsAt,
    owner: null
  })
}

const cancelling = { type: "pipeline.cancelling", reason: null } as const
const set = Effect.fnUntraced(function* (id: string, ringsAt: number | null) {
  const store = yield* AggregateStore
  return yield* store.record(timers, {
    state: { id, ringsAt },
    events: [cancelling],
    at: 1,
    actor: engine
  })
})

describeEachStore("an aggregate of which something is due", (run) => {
  test("is due when its time has come, the earliest due time first", () =>
    run(
      "due",
      Effect.gen(function* () {
        const store = yield* AggregateStore
        yield* set("late", 30)
        yield* set("soon", 10)
        yield* set("never", null)
        yield* set("also", 10)
        const due = (now: number) =>
          Effect.map(store.due(timers, now, 99), ({ states }) => states.map(({ id }) => id))
        expect(yield* due(9)).toEqual([])
        expect(yield* due(10)).toEqual(["soon", "also"])
        expect(yield* due(99)).toEqual(["soon", "also", "late"])
        yield* set("soon", null)
        expect(yield* due(99)).toEqual(["also", "late"])
      })
    ))

  test("has the next due time of its kind", () =>
    run(
      "next",
      Effect.gen(function* () {
        const store = yield* AggregateStore
        expect(yield* store.nextDueAt("pipeline", 0)).toBeNull()
        yield* set("late", 30)
        yield* set("soon", 10.5)
        expect(yield* store.nextDueAt("pipeline", 0)).toBe(10.5)
        expect(yield* store.nextDueAt("pipeline", 10.5)).toBe(30)
        expect(yield* store.nextDueAt("pipeline", 30)).toBeNull()
        expect(yield* store.nextDueAt("task", 0)).toBeNull()
      })
    ))

  test("is removed with its events, which frees its id; others stay", () =>
    run(
      "removed",
      Effect.gen(function* () {
        const [store, ids, tasks] = [yield* AggregateStore, yield* IdStore, yield* wholeStore]
        yield* set("a", 10)
        yield* set("b", 20)
        yield* store.remove("pipeline", ["a", "nobody"])
        expect([yield* store.find(timers, "a"), yield* ids.kindOf("a")]).toEqual([null, null])
        expect(yield* store.find(timers, "b")).toEqual({ id: "b", ringsAt: 20 })
        const events = yield* tasks.events({ since: 0, limit: 9 })
        expect(events.map(({ id, sequence }) => [id, sequence])).toEqual([["b", 2]])
      })
    ))
})
