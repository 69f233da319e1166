import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Alarm, layerAlarm } from "../../src/time/Alarm.ts"

/** A clock whose timers go on evenly while somebody sets its hands. */
interface SetClock {
  /** Lets time pass. */
  readonly pass: (ms: number) => Effect.Effect<void>
  /** Moves the hands. */
  readonly jump: (ms: number) => void
  /** Timers that wait now, and how many were ever set. */
  readonly timers: { waiting: number; set: number }
}

const startAt = 1_000_000_000_000

/** Runs a test of an alarm on a clock that can be set. */
const onSetClock = (
  body: (clock: SetClock, alarm: Alarm["Service"]) => Effect.Effect<void>
): Promise<void> =>
  Effect.gen(function* () {
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
    yield* Effect.gen(function* () {
      yield* body({ pass, jump, timers }, yield* Alarm)
    }).pipe(Effect.provide(layerAlarm), Effect.provideService(Clock.Clock, clock))
  }).pipe(Effect.scoped, Effect.runPromise)

/** What became due, in order, with the wall clock's time since the start. */
const makeLedger = () => {
  const rung: Array<readonly [string, number]> = []
  const ring = (name: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => void rung.push([name, now - startAt]))
  return { rung, ring }
}

describe("an alarm", () => {
  test("rings at its time, once, in the order of the times", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("late", startAt + 70_000, ring("late"))
        yield* alarm.set("soon", startAt + 1000, ring("soon"))
        yield* pass(999)
        expect(rung).toEqual([])
        yield* pass(1)
        expect(rung).toEqual([["soon", 1000]])
        yield* pass(200_000)
        expect(rung.map(([name]) => name)).toEqual(["soon", "late"])
      })
    ))

  test("rings at once for what is due already", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("past", startAt - 5000, ring("past"))
        yield* pass(0)
        expect(rung).toEqual([["past", 0]])
      })
    ))

  test("is one timer, whatever is set, and none when there is nothing", () =>
    onSetClock(({ pass, timers }, alarm) =>
      Effect.gen(function* () {
        const { ring } = makeLedger()
        yield* pass(100_000)
        expect(timers).toEqual({ waiting: 0, set: 0 })
        for (let n = 50; n > 0; n--)
          yield* alarm.set(`n${n}`, startAt + 200_000 + n * 100, ring(`n${n}`))
        yield* pass(1)
        expect(timers.waiting).toBe(1)
        for (let n = 50; n > 0; n--) yield* alarm.clear(`n${n}`)
        yield* pass(1)
        expect(timers.waiting).toBe(0)
        const setBefore = timers.set
        yield* pass(1_000_000)
        expect(timers.set).toBe(setBefore)
      })
    ))

  test("rings nothing that was cleared or put off", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("gone", startAt + 100, ring("gone"))
        yield* alarm.set("later", startAt + 100, ring("later"))
        yield* alarm.set("later", startAt + 500, ring("later"))
        yield* alarm.clear("gone")
        yield* pass(499)
        expect(rung).toEqual([])
        yield* pass(1)
        expect(rung).toEqual([["later", 500]])
      })
    ))

  test("can be set anew by what it rings for", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        let count = 0
        const again: Effect.Effect<void> = Effect.suspend(() => {
          count++
          return alarm.set("again", startAt + (count + 1) * 1000, again)
        })
        yield* alarm.set("again", startAt + 1000, again)
        for (let second = 0; second < 5; second++) yield* pass(1000)
        expect(count).toBe(5)
      })
    ))
})

describe("an alarm whose wall clock is set", () => {
  test("forward notices within 30 s what has become due", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("noon", startAt + 3_600_000, ring("noon"))
        yield* pass(10_000)
        jump(3_600_000)
        yield* pass(30_000)
        expect(rung.map(([name]) => name)).toEqual(["noon"])
      })
    ))

  test("forward is punctual for what is set afterwards", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("far", startAt + 100_000_000, ring("far"))
        yield* pass(1000)
        jump(3_600_000)
        yield* alarm.set("soon", startAt + 3_601_000 + 2000, ring("soon"))
        yield* pass(2000)
        expect(rung.map(([name]) => name)).toEqual(["soon"])
      })
    ))

  test("back rings nothing too early, and is punctual by the new time", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("noon", startAt + 20_000, ring("noon"))
        yield* pass(10_000)
        jump(-60_000)
        yield* pass(69_000)
        expect(rung).toEqual([])
        yield* pass(1000)
        expect(rung).toEqual([["noon", 20_000]])
      })
    ))

  test("back is punctual for what is set afterwards", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.set("far", startAt + 100_000_000, ring("far"))
        yield* pass(1000)
        jump(-3_600_000)
        yield* alarm.set("soon", startAt - 3_599_000 + 2000, ring("soon"))
        yield* pass(2000)
        expect(rung.map(([name]) => name)).toEqual(["soon"])
      })
    ))
})
