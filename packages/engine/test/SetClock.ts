/** A clock whose timers go on evenly while somebody sets its hands. */
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

/** What a test does with it. */
export interface SetClock {
  readonly clock: Clock.Clock
  /** Lets time pass. */
  readonly pass: (ms: number) => Effect.Effect<void>
  /** Moves the hands. */
  readonly jump: (ms: number) => void
  /** Timers that wait now, and how many were ever set. */
  readonly timers: { waiting: number; set: number }
}

/** Where its hands stand first (epoch ms). */
export const startAt = 1_000_000_000_000

/** A new one. */
export const makeSetClock = Effect.gen(function* () {
  const steady = yield* TestClock.make()
  yield* steady.setTime(startAt)
  let offsetMs = 0
  const timers = { waiting: 0, set: 0 }
  const wallMs = () => steady.currentTimeMillisUnsafe() + offsetMs
  const wallNanos = () => steady.currentTimeNanosUnsafe() + BigInt(offsetMs) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: wallMs,
    currentTimeMillis: Effect.sync(wallMs),
    currentTimeNanosUnsafe: wallNanos,
    currentTimeNanos: Effect.sync(wallNanos),
    monotonicTimeNanosUnsafe: () => steady.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: steady.monotonicTimeNanos,
    sleep: (duration: Duration.Duration) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          timers.set++
          timers.waiting++
        }),
        () => steady.sleep(duration),
        () => Effect.sync(() => void timers.waiting--)
      )
  }
  const pass = (ms: number) => Effect.andThen(steady.adjust(ms), Effect.yieldNow)
  const jump = (ms: number) => {
    offsetMs += ms
  }
  return { clock, pass, jump, timers } satisfies SetClock
})
