import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Alarm, layerAlarm } from "../../src/alarm/Alarm.ts"
import { makeSetClock, type SetClock, startAt } from "../SetClock.ts"

/** Runs a test of an alarm on a clock that the test sets. */
const onSetClock = (
  body: (clock: SetClock, alarm: Alarm["Service"]) => Effect.Effect<void>
): Promise<void> =>
  Effect.gen(function* () {
    const set = yield* makeSetClock
    yield* Effect.gen(function* () {
      yield* body(set, yield* Alarm)
    }).pipe(Effect.provide(layerAlarm), Effect.provideService(Clock.Clock, set.clock))
  }).pipe(Effect.scoped, Effect.runPromise)

/** The effects that ran, in order, with the wall clock's time since the start. */
const makeLedger = () => {
  const rung: Array<readonly [string, number]> = []
  const ring = (name: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => void rung.push([name, now - startAt]))
  return { rung, ring }
}

describe("an alarm", () => {
  test("fires each entry once, at its time, in order", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("late", startAt + 70_000, ring("late"))
        yield* alarm.at("soon", startAt + 1000, ring("soon"))
        yield* pass(999)
        expect(rung).toEqual([])
        yield* pass(1)
        expect(rung).toEqual([["soon", 1000]])
        yield* pass(200_000)
        expect(rung.map(([name]) => name)).toEqual(["soon", "late"])
      })
    ))

  test("fires at once what is already due", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("past", startAt - 5000, ring("past"))
        yield* pass(0)
        expect(rung).toEqual([["past", 0]])
      })
    ))

  test("uses one timer, and none without entries", () =>
    onSetClock(({ pass, timers }, alarm) =>
      Effect.gen(function* () {
        const { ring } = makeLedger()
        yield* pass(100_000)
        expect(timers).toEqual({ waiting: 0, set: 0 })
        for (let n = 50; n > 0; n--)
          yield* alarm.at(`n${n}`, startAt + 200_000 + n * 100, ring(`n${n}`))
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

  test("does not fire what was cleared or postponed", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("gone", startAt + 100, ring("gone"))
        yield* alarm.at("later", startAt + 100, ring("later"))
        yield* alarm.at("later", startAt + 500, ring("later"))
        yield* alarm.clear("gone")
        yield* pass(499)
        expect(rung).toEqual([])
        yield* pass(1)
        expect(rung).toEqual([["later", 500]])
      })
    ))

  test("can be set again by the effect that it runs", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        let count = 0
        const again: Effect.Effect<void> = Effect.suspend(() => {
          count++
          return alarm.at("again", startAt + (count + 1) * 1000, again)
        })
        yield* alarm.at("again", startAt + 1000, again)
        for (let second = 0; second < 5; second++) yield* pass(1000)
        expect(count).toBe(5)
      })
    ))
})

describe("an alarm after a duration", () => {
  test("fires when it has passed, also without entries on the wall clock", () =>
    onSetClock(({ pass, timers }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.after("hour", 3_600_000, ring("hour"))
        yield* alarm.after("soon", 500, ring("soon"))
        yield* pass(499)
        expect(rung).toEqual([])
        yield* pass(1)
        const timersSet = timers.set
        yield* pass(3_599_499)
        expect(rung).toEqual([["soon", 500]])
        expect(timers.set).toBe(timersSet)
        yield* pass(1)
        expect(rung.map(([name]) => name)).toEqual(["soon", "hour"])
      })
    ))

  test("is not affected when the wall clock is set", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.after("ahead", 20_000, ring("ahead"))
        yield* pass(1000)
        jump(3_600_000)
        yield* pass(18_999)
        expect(rung).toEqual([])
        jump(-9_000_000)
        yield* pass(1)
        expect(rung.map(([name]) => name)).toEqual(["ahead"])
      })
    ))

  test("replaces an instant under the same key, and is replaced by one", () =>
    onSetClock(({ pass }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("one", startAt + 100, ring("instant"))
        yield* alarm.after("one", 300, ring("length"))
        yield* alarm.after("two", 100, ring("length"))
        yield* alarm.at("two", startAt + 400, ring("instant"))
        yield* pass(299)
        expect(rung).toEqual([])
        yield* pass(101)
        expect(rung).toEqual([
          ["length", 300],
          ["instant", 400]
        ])
      })
    ))
})

describe("an alarm at an instant, when the wall clock is set", () => {
  test("forward: fires within 30 s what has become due", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("noon", startAt + 3_600_000, ring("noon"))
        yield* pass(10_000)
        jump(3_600_000)
        yield* pass(30_000)
        expect(rung.map(([name]) => name)).toEqual(["noon"])
      })
    ))

  test("forward: is punctual for later entries", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("far", startAt + 100_000_000, ring("far"))
        yield* pass(1000)
        jump(3_600_000)
        yield* alarm.at("soon", startAt + 3_601_000 + 2000, ring("soon"))
        yield* pass(2000)
        expect(rung.map(([name]) => name)).toEqual(["soon"])
      })
    ))

  test("back: does not fire early, and follows the new time", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("noon", startAt + 20_000, ring("noon"))
        yield* pass(10_000)
        jump(-60_000)
        yield* pass(69_000)
        expect(rung).toEqual([])
        yield* pass(1000)
        expect(rung).toEqual([["noon", 20_000]])
      })
    ))

  test("back: is punctual for later entries", () =>
    onSetClock(({ pass, jump }, alarm) =>
      Effect.gen(function* () {
        const { rung, ring } = makeLedger()
        yield* alarm.at("far", startAt + 100_000_000, ring("far"))
        yield* pass(1000)
        jump(-3_600_000)
        yield* alarm.at("soon", startAt - 3_599_000 + 2000, ring("soon"))
        yield* pass(2000)
        expect(rung.map(([name]) => name)).toEqual(["soon"])
      })
    ))
})
