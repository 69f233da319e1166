import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { trimMemoryWhenIdle } from "../../src/life/trimMemoryWhenIdle.ts"
import { layerAlarm } from "../../src/alarm/Alarm.ts"

/** An engine's rest: `wake` says that something happens, `pass` lets time pass and tells how often was collected by then. */
interface Rig {
  readonly wake: () => void
  readonly pass: (ms: number) => Effect.Effect<number>
}

/** Lets time pass, a second at a time, as a clock that jumps lets nobody set a timer on the way. */
const go = (clock: TestClock.TestClock, ms: number): Effect.Effect<void> => {
  const step = Math.min(ms, 1000)
  const fibersGoOn = Effect.replicateEffect(Effect.yieldNow, 10, { discard: true })
  return Effect.andThen(
    Effect.andThen(clock.adjust(step), fibersGoOn),
    ms > step ? Effect.suspend(() => go(clock, ms - step)) : Effect.void
  )
}

const onTestClock = (body: (rig: Rig) => Effect.Effect<void>): Promise<void> =>
  Effect.gen(function* () {
    const clock = yield* TestClock.make()
    let collections = 0
    yield* Effect.gen(function* () {
      const wake = yield* trimMemoryWhenIdle(
        Effect.sync(() => void collections++),
        () => clock.currentTimeMillisUnsafe()
      )
      yield* body({
        wake,
        pass: (ms) =>
          Effect.andThen(
            go(clock, ms),
            Effect.sync(() => collections)
          )
      })
    }).pipe(Effect.provide(layerAlarm), Effect.provideService(Clock.Clock, clock))
  }).pipe(Effect.scoped, Effect.runPromise)

describe("an engine that rests", () => {
  test("collects after 3 and after 6 seconds in which nothing happened, and then never again", () =>
    onTestClock(({ wake, pass }) =>
      Effect.gen(function* () {
        wake()
        expect(yield* pass(2999)).toBe(0)
        expect(yield* pass(1)).toBe(1)
        expect(yield* pass(2999)).toBe(1)
        expect(yield* pass(1)).toBe(2)
        expect(yield* pass(600_000)).toBe(2)
      })
    ))

  test("does not collect before anything has happened", () =>
    onTestClock(({ pass }) =>
      Effect.map(pass(60_000), (collections) => expect(collections).toBe(0))
    ))

  test("begins anew with whatever happens", () =>
    onTestClock(({ wake, pass }) =>
      Effect.gen(function* () {
        wake()
        yield* pass(2000)
        wake()
        expect(yield* pass(2000)).toBe(0)
        expect(yield* pass(1000)).toBe(1)
        yield* pass(2000)
        wake()
        expect(yield* pass(2999)).toBe(1)
        expect(yield* pass(1)).toBe(2)
        expect(yield* pass(3000)).toBe(3)
        wake()
        expect(yield* pass(3000)).toBe(4)
      })
    ))
})
