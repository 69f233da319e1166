/** Tests that all SessionStores behave in the same way. */
import { wholeStore } from "./wholeStore.ts"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { SessionStore } from "@backbeat/store/SessionStore"
import { describeEachStore } from "./eachStore.ts"

const usage = (inputTokens: number) => ({ costUsd: 0.25, inputTokens, outputTokens: null })
const a = { agent: "one", id: "a" }

describeEachStore("a session", (run) => {
  test("of an agent is found with its last usage", () =>
    run(
      "found",
      Effect.gen(function* () {
        const sessions = yield* SessionStore
        expect(yield* sessions.used(a, 9)).toBeNull()
        yield* sessions.note(a, 1, usage(1))
        yield* sessions.note({ ...a, agent: "two" }, 1, usage(7))
        yield* sessions.note(a, 2, usage(2))
        expect(yield* sessions.used(a, 9)).toEqual(usage(2))
      })
    ))

  test("is not found if its usage was stored later", () =>
    run(
      "later",
      Effect.gen(function* () {
        const sessions = yield* SessionStore
        yield* sessions.note(a, 3, usage(1))
        expect([yield* sessions.used(a, 3), yield* sessions.used(a, 2)]).toEqual([usage(1), null])
      })
    ))

  test("is removed by the time at which its usage was last stored", () =>
    run(
      "forgotten",
      Effect.gen(function* () {
        const sessions = yield* SessionStore
        yield* sessions.note(a, 1, usage(1))
        yield* sessions.note({ ...a, id: "b" }, 1, usage(1))
        yield* sessions.note(a, 5, usage(2))
        yield* sessions.forget(5)
        expect([yield* sessions.used(a, 9), yield* sessions.used({ ...a, id: "b" }, 9)]).toEqual([
          usage(2),
          null
        ])
      })
    ))

  test("is unchanged when its transaction is rolled back", () =>
    run(
      "back",
      Effect.gen(function* () {
        const sessions = yield* SessionStore
        const store = yield* wholeStore
        yield* sessions.note(a, 1, usage(1))
        const failing = store.transact(
          Effect.all([sessions.note(a, 2, usage(2)), sessions.forget(9), Effect.fail("no")])
        )
        expect(yield* Effect.flip(failing)).toBe("no")
        expect(yield* sessions.used(a, 9)).toEqual(usage(1))
      })
    ))
})
