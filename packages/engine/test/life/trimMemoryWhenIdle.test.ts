import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { trimMemoryWhenIdle } from "../../src/life/trimMemoryWhenIdle.ts"
import { layerAlarm } from "../../src/alarm/Alarm.ts"

/**
 * An idle engine: `wake` reports activity, `pass` advances the clock and returns the number of
 * collections so far.
 */
interface Rig {
  readonly wake: () => void
  readonly pass: (ms: number) => Effect.Effect<number>
}

/** Advances the clock second by second: if it jumped, no timer could be set on the way. */
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

describe("an idle engine", () => {
  test("frees memory after 3 and after 6 idle seconds, and then not again", () =>
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

  test("does not free memory before its first activity", () =>
    onTestClock(({ pass }) =>
      Effect.map(pass(60_000), (collections) => expect(collections).toBe(0))
    ))

  test("starts again after each activity", () =>
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
