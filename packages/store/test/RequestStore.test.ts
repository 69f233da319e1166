/** Tests that all RequestStores behave in the same way. */
import { wholeStore } from "./wholeStore.ts"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { RequestStore } from "@backbeat/store/RequestStore"
import { describeEachStore } from "./eachStore.ts"

describeEachStore("a request", (run) => {
  test("is found with its last stored effects", () =>
    run(
      "found",
      Effect.gen(function* () {
        const requests = yield* RequestStore
        expect(yield* requests.find("a")).toBeNull()
        yield* requests.note("a", 1, "one")
        yield* requests.note("b", 1, "other")
        yield* requests.note("a", 2, "two")
        expect([yield* requests.find("a"), yield* requests.find("b")]).toEqual(["two", "other"])
      })
    ))

  test("is removed by the time at which it was first stored", () =>
    run(
      "forgotten",
      Effect.gen(function* () {
        const requests = yield* RequestStore
        yield* requests.note("old", 1, "one")
        yield* requests.note("old", 9, "two")
        yield* requests.note("new", 5, "one")
        yield* requests.forget(5)
        expect([yield* requests.find("old"), yield* requests.find("new")]).toEqual([null, "one"])
      })
    ))

  test("is unchanged when its transaction is rolled back", () =>
    run(
      "back",
      Effect.gen(function* () {
        const requests = yield* RequestStore
        const store = yield* wholeStore
        yield* requests.note("a", 1, "one")
        const failing = store.transact(
          Effect.all([
            requests.note("a", 2, "two"),
            requests.note("b", 2, "two"),
            requests.forget(9),
            Effect.fail("no")
          ])
        )
        expect(yield* Effect.flip(failing)).toBe("no")
        expect([yield* requests.find("a"), yield* requests.find("b")]).toEqual(["one", null])
      })
    ))
})
