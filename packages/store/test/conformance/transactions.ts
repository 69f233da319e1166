/** Transactions: all or nothing, one at a time. */
import { describe, expect, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { change, creation, life, task } from "../task.ts"
import { ids, recordAll, sequences, upTo } from "./rig.ts"
import type { Rig } from "./rig.ts"

/** Defines these tests for the store of the rig. */
export const describeTransactions = ({ name, run }: Rig) => {
  describe(`${name}: a transaction`, () => {
    test("keeps everything of an effect that succeeds", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* store.transact(
            Effect.gen(function* () {
              yield* store.record([creation("a")])
              yield* store.record([creation("b")])
            })
          )
          expect(ids((yield* store.list({}, { limit: 9 })).tasks)).toEqual(["b", "a"])
        })
      ))

    test("is rolled back when the effect fails, with the sequences of its events", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, [creation("a", { spec: { tags: ["kept"] } })])
          const before = yield* store.find("a")
          const failing = Effect.gen(function* () {
            yield* store.record([creation("b", { spec: { tags: ["kept"] } })])
            yield* store.record([change(task("a", { spec: { tags: ["kept"] } }), { type: "Open" })])
            yield* store.record(life("c"))
            yield* store.remove(["c"])
            expect(ids(yield* store.inStatus(["running"]))).toEqual(["a"])
            return yield* Effect.fail("no")
          })
          expect(yield* Effect.exit(store.transact(failing))).toEqual(Exit.fail("no"))
          expect(yield* store.find("a")).toEqual(before)
          expect(yield* store.list({ tags: ["kept"] }, { limit: 9 })).toMatchObject({
            total: 1,
            next: null
          })
          expect(yield* store.lastSequence).toBe(1)
          const [next] = yield* recordAll(store, [creation("d")])
          expect(next?.sequence).toBe(2)
          expect(sequences(yield* store.events({ since: 0, limit: 99 }))).toEqual([1, 2])
        })
      ))

    test("rolls a removal back when the effect fails", () =>
      run((store) =>
        Effect.gen(function* () {
          const recorded = yield* recordAll(store, life("a", { spec: { tags: ["t"] } }))
          yield* Effect.exit(store.transact(Effect.andThen(store.remove(["a"]), Effect.fail("no"))))
          expect(yield* store.events({ since: 0, limit: 9 })).toEqual(recorded)
          expect(ids((yield* store.list({ tags: ["t"] }, { limit: 9 })).tasks)).toEqual(["a"])
        })
      ))

    test("is rolled back when the effect dies", () =>
      run((store) =>
        Effect.gen(function* () {
          const dying = Effect.andThen(store.record([creation("a")]), Effect.die("broken"))
          expect(yield* Effect.exit(store.transact(dying))).toEqual(Exit.die("broken"))
          expect(yield* store.find("a")).toBeNull()
        })
      ))

    test("is rolled back when it is interrupted, and the next one can start", () =>
      run((store) =>
        Effect.gen(function* () {
          const recorded = yield* Deferred.make<void>()
          const hanging = Effect.gen(function* () {
            yield* store.record([creation("a")])
            yield* Deferred.succeed(recorded, undefined)
            return yield* Effect.never
          })
          const fiber = yield* Effect.forkChild(store.transact(hanging))
          yield* Deferred.await(recorded)
          yield* Fiber.interrupt(fiber)
          yield* recordAll(store, [creation("b")])
          expect(ids((yield* store.list({}, { limit: 9 })).tasks)).toEqual(["b"])
        })
      ))

    test("is not visible to others until it is committed", () =>
      run((store) =>
        Effect.gen(function* () {
          const recorded = yield* Deferred.make<void>()
          const mayEnd = yield* Deferred.make<void>()
          const writing = Effect.gen(function* () {
            yield* store.record([creation("a")])
            yield* Deferred.succeed(recorded, undefined)
            yield* Deferred.await(mayEnd)
            return yield* Effect.fail("no")
          })
          const writer = yield* Effect.forkChild(Effect.exit(store.transact(writing)))
          yield* Deferred.await(recorded)
          const reader = yield* Effect.forkChild(
            Effect.all([store.find("a"), store.lastSequence, store.counts]),
            {
              startImmediately: true
            }
          )
          yield* Deferred.succeed(mayEnd, undefined)
          const [found, last, counts] = yield* Fiber.join(reader)
          expect([found, last, counts.queued]).toEqual([null, 0, 0])
          yield* Fiber.join(writer)
        })
      ))

    test("does not overlap another, with any number of fibers", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, [{ ...creation("shared"), events: [] }])
          const increment = store.transact(
            Effect.gen(function* () {
              const found = (yield* store.find("shared")) ?? task("missing")
              yield* Effect.yieldNow
              const [first] = yield* store.record([
                { ...creation("shared"), task: { ...found, restartCount: found.restartCount + 1 } }
              ])
              yield* Effect.yieldNow
              const [second] = yield* store.record([creation(`own-${found.restartCount}`)])
              return [first?.sequence, second?.sequence]
            })
          )
          const answers = yield* Effect.all(
            Array.from({ length: 50 }, () => increment),
            { concurrency: "unbounded" }
          )
          expect((yield* store.find("shared"))?.restartCount).toBe(50)
          expect(answers.flat().toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(upTo(100))
          for (const [first, second] of answers) expect(second).toBe((first ?? 0) + 1)
          expect(sequences(yield* store.events({ since: 0, limit: 999 }))).toEqual(upTo(100))
        })
      ))

    test("leaves no gap in the history when every second of fifty fails", () =>
      run((store) =>
        Effect.gen(function* () {
          const one = (index: number) =>
            store.transact(
              Effect.gen(function* () {
                yield* store.record([creation(`task-${index}`)])
                yield* Effect.yieldNow
                if (index % 2 === 1) yield* Effect.fail("no")
              })
            )
          yield* Effect.forEach(upTo(50), (index) => Effect.exit(one(index)), {
            concurrency: "unbounded"
          })
          expect(sequences(yield* store.events({ since: 0, limit: 99 }))).toEqual(upTo(25))
          expect((yield* store.list({}, { limit: 1 })).total).toBe(25)
        })
      ))

    test("joins the one around it", () =>
      run((store) =>
        Effect.gen(function* () {
          const inner = store.transact(store.record([creation("inner")]))
          const outer = Effect.andThen(inner, Effect.fail("no"))
          yield* Effect.exit(store.transact(outer))
          expect(yield* store.find("inner")).toBeNull()
          yield* store.transact(inner)
          expect(yield* store.find("inner")).not.toBeNull()
        })
      ))

    test("inside another is rolled back alone when it fails", () =>
      run((store) =>
        Effect.gen(function* () {
          const inner = store.transact(
            Effect.andThen(store.record([creation("inner")]), Effect.fail("no"))
          )
          yield* store.transact(
            Effect.gen(function* () {
              yield* store.record([creation("before")])
              yield* Effect.exit(inner)
              yield* store.record([creation("after")])
            })
          )
          expect(ids(yield* store.inStatus(["queued"]))).toEqual(["before", "after"])
          expect(sequences(yield* store.events({ since: 0, limit: 9 }))).toEqual([1, 2])
        })
      ))
  })
}
