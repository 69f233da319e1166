/** Acting on commits: in order for one task, beside each other for several. */
import { describe, expect, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { makeLanes } from "../../src/supervisor/lanes.ts"

type Lanes = Effect.Success<typeof makeLanes>

const onLanes = (body: (lanes: Lanes, done: Array<string>) => Effect.Effect<void>): Promise<void> =>
  Effect.gen(function* () {
    yield* body(yield* makeLanes, [])
  }).pipe(Effect.scoped, Effect.runPromise)

const note = (done: Array<string>, what: string) => Effect.sync(() => void done.push(what))

describe("acts on tasks", () => {
  test("of one task run in their order, also when the first one waits", () =>
    onLanes((lanes, done) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        lanes.add("a", Effect.andThen(Deferred.await(gate), note(done, "first")))
        lanes.add("a", note(done, "second"))
        yield* Effect.yieldNow
        expect(done).toEqual([])
        yield* Deferred.succeed(gate, undefined)
        yield* lanes.empty(["a"])
        expect(done).toEqual(["first", "second"])
      })
    ))

  test("of another task do not wait for one that waits", () =>
    onLanes((lanes, done) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        lanes.add("slow", Deferred.await(gate))
        lanes.add("b", note(done, "b"))
        yield* lanes.empty(["b", "nobody"])
        expect(done).toEqual(["b"])
        yield* Deferred.succeed(gate, undefined)
        yield* lanes.empty(["slow"])
      })
    ))

  test("begin in the order in which they were added, and others get their turn in between", () =>
    onLanes((lanes, done) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 20 }, (_, index) => `t${index}`)
        for (const id of ids) lanes.add(id, note(done, id))
        let turns = 0
        while (done.length < ids.length) {
          turns++
          yield* Effect.yieldNow
        }
        expect(done).toEqual(ids)
        expect(turns).toBeGreaterThan(ids.length / 2)
      })
    ))

  test("are awaited with what they add to the lane of their own task", () =>
    onLanes((lanes, done) =>
      Effect.gen(function* () {
        lanes.add(
          "a",
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => lanes.add("a", note(done, "added")))
          )
        )
        yield* lanes.empty(["a"])
        expect(done).toEqual(["added"])
      })
    ))

  test("that die are logged, and the next ones run", () =>
    onLanes((lanes, done) =>
      Effect.gen(function* () {
        lanes.add("a", Effect.die("broken"))
        lanes.add("a", note(done, "next"))
        yield* lanes.empty(["a"])
        expect(done).toEqual(["next"])
      })
    ))
})
