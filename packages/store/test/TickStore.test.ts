/** Every TickStore does the same, beside its TaskStore. */
import { expect, test } from "bun:test"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { describeEachStore } from "./eachStore.ts"
import { fired, unfired } from "./tick.ts"
import { wholeStore } from "./wholeStore.ts"

const ended = (at: number) => ({ status: "completed", endedAt: at })

describeEachStore("a tick", (run) => {
  test("fires once: its row is never written over", () =>
    run(
      "once",
      Effect.gen(function* () {
        const store = yield* TickStore
        expect(yield* store.note(fired("s", 1))).toBe(true)
        expect(yield* store.note(fired("s", 1, { run: { kind: "task", id: "other" } }))).toBe(false)
        expect(yield* store.note(unfired("s", 1))).toBe(false)
        expect(yield* store.note(fired("t", 1))).toBe(true)
        expect(yield* store.find("s", "k1")).toEqual(fired("s", 1))
        expect(yield* store.find("s", "k2")).toBeNull()
      })
    ))

  test("that waited or was skipped gives way to one that fires", () =>
    run(
      "waited",
      Effect.gen(function* () {
        const store = yield* TickStore
        const waiting = unfired("s", 1, { result: "waiting", cause: null, awaits: "p" })
        yield* store.note(waiting)
        yield* store.note(unfired("u", 1, { result: "waiting", cause: null, awaits: "p" }))
        expect((yield* store.awaiting("p")).toSorted()).toEqual(["s", "u"])
        yield* store.note(fired("s", 1))
        expect(yield* store.awaiting("p")).toEqual(["u"])
        expect(yield* store.find("s", "k1")).toEqual(fired("s", 1))
      })
    ))

  test("keeps the first end of its run", () =>
    run(
      "end",
      Effect.gen(function* () {
        const store = yield* TickStore
        yield* store.note(fired("s", 1))
        yield* store.note(fired("s", 2))
        expect((yield* store.running("s")).map(({ key }) => key)).toEqual(["k1", "k2"])
        expect((yield* store.end("s.k1", ended(5)))?.end).toEqual(ended(5))
        expect(yield* store.end("s.k1", { status: "failed", endedAt: 9 })).toBeNull()
        expect(yield* store.end("nothing", ended(5))).toBeNull()
        expect((yield* store.running("s")).map(({ key }) => key)).toEqual(["k2"])
        expect((yield* store.find("s", "k1"))?.end).toEqual(ended(5))
      })
    ))

  test("is found in the history of its schedule, the newest first, page by page", () =>
    run(
      "history",
      Effect.gen(function* () {
        const store = yield* TickStore
        for (const at of [1, 2, 3]) yield* store.note(fired("s", at))
        yield* store.note(unfired("s", 4, { count: 9, until: 12, cause: { type: "late" } }))
        yield* store.note(fired("t", 5))
        const page = yield* store.history("s", { limit: 3 })
        expect(page.ticks.map(({ key, count, until }) => [key, count, until])).toEqual([
          ["k4", 9, 12],
          ["k3", 1, null],
          ["k2", 1, null]
        ])
        const rest = yield* store.history("s", { limit: 3, after: page.next ?? "" })
        expect([rest.ticks.map(({ key }) => key), rest.next]).toEqual([["k1"], null])
        expect((yield* store.latest(["s", "t", "u"])).map(({ key }) => key).toSorted()).toEqual([
          "k4",
          "k5"
        ])
        expect((yield* store.latestFired("s"))?.key).toBe("k3")
        yield* store.remove("s")
        expect((yield* store.history("s", { limit: 3 })).ticks).toEqual([])
        expect(yield* store.latestFired("s")).toBeNull()
      })
    ))

  test("is found by its time among those of all schedules", () =>
    run(
      "between",
      Effect.gen(function* () {
        const store = yield* TickStore
        yield* store.note(fired("s", 30))
        yield* store.note(fired("t", 10))
        yield* store.note(fired("s", 20))
        const keys = (from: number, to: number, limit: number, scheduleId?: string) =>
          Effect.map(store.between({ from, to, limit, scheduleId }), (found) =>
            found.map(({ key }) => key)
          )
        expect(yield* keys(10, 30, 9)).toEqual(["k10", "k20"])
        expect(yield* keys(0, 99, 2)).toEqual(["k10", "k20"])
        expect(yield* keys(0, 99, 9, "s")).toEqual(["k20", "k30"])
      })
    ))

  test("by hand stands for no tick of the clock", () =>
    run(
      "hand",
      Effect.gen(function* () {
        const store = yield* TickStore
        yield* store.note(fired("s", 5))
        yield* store.note(fired("s", 7, { manual: true }))
        expect((yield* store.latestFired("s"))?.key).toBe("k5")
        expect(yield* store.spent("s", { after: 4, until: 9 })).toEqual([5])
        expect(yield* store.spent("s", { after: 5, until: 9 })).toEqual([])
      })
    ))

  test("keeps its row when what its run had left is gone", () =>
    run(
      "kept",
      Effect.gen(function* () {
        const store = yield* TickStore
        for (const at of [1, 2, 3, 4]) {
          yield* store.note(fired("s", at))
          if (at !== 2) yield* store.end(`s.k${at}`, ended(at))
        }
        expect((yield* store.beyond("s", 1)).map(({ key }) => key)).toEqual(["k1", "k3"])
        yield* store.forget(["s.k1"])
        expect((yield* store.beyond("s", 1)).map(({ key }) => key)).toEqual(["k3"])
        expect([...(yield* store.kept(["s.k1", "s.k3", "x"]))]).toEqual(["s.k3"])
        expect((yield* store.find("s", "k1"))?.end).toEqual(ended(1))
      })
    ))

  test("is as it was when its transaction is taken back", () =>
    run(
      "back",
      Effect.gen(function* () {
        const ticks = yield* TickStore
        const store = yield* wholeStore
        yield* ticks.note(fired("s", 1))
        const failing = store.transact(
          Effect.all([
            ticks.end("s.k1", ended(2)),
            ticks.note(fired("s", 2)),
            ticks.forget(["s.k1"]),
            Effect.fail("no")
          ])
        )
        expect(yield* Effect.flip(failing)).toBe("no")
        expect((yield* ticks.history("s", { limit: 9 })).ticks).toEqual([fired("s", 1)])
        expect((yield* ticks.kept(["s.k1"])).size).toBe(1)
      })
    ))
})
