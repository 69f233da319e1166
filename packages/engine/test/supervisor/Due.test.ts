/** What is due under a wall clock that somebody sets: transitions on stores in memory, nothing is spawned. */
import { engine } from "@backbeat/core/history/Actor"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { TaskStore } from "@backbeat/store/TaskStore"
import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { keepDue } from "../../src/supervisor/Due.ts"
import { leftMs } from "../../src/attempt/durations.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { layerAlarm } from "../../src/alarm/Alarm.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"
import { makeSetClock, type SetClock, startAt } from "../SetClock.ts"

const hourMs = 3_600_000

/** What a test has at hand. */
interface Hands extends SetClock {
  readonly start: (fields: Partial<TaskSpec>) => Effect.Effect<void>
  readonly fail: Effect.Effect<void>
  readonly status: Effect.Effect<string>
  /** Starts another task: a commit, which opens what may run. */
  readonly another: Effect.Effect<void>
}

const onSetClock = (body: (hands: Hands) => Effect.Effect<void>): Promise<void> =>
  Effect.gen(function* () {
    const set = yield* makeSetClock
    yield* Effect.gen(function* () {
      const transitions = yield* Transitions
      const store = yield* TaskStore
      const find = Effect.map(Effect.orDie(store.find("x")), (task) => task?.state)
      yield* keepDue
      const settled = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })
      yield* body({
        ...set,
        pass: (ms) => Effect.andThen(set.pass(ms), settled),
        start: (fields) =>
          Effect.andThen(
            createTasks(["x"], fields).pipe(
              Effect.provideService(Transitions, transitions),
              Effect.orDie
            ),
            settled
          ),
        fail: Effect.gen(function* () {
          const endedAt = yield* Clock.currentTimeMillis
          const end = { outcome: { kind: "exited", exitCode: 1 }, endedAt, cpuMs: null } as const
          yield* Effect.orDie(transitions.apply("x", { type: "End", end }, engine))
          yield* settled
        }),
        status: Effect.map(find, (state) => `${state?.status} ${state?.attempt}`),
        another: Effect.orDie(Effect.provideService(createTasks(["y"]), Transitions, transitions))
      })
    }).pipe(
      Effect.provide(Layer.provideMerge(layerEngineRig(), layerAlarm)),
      Effect.provideService(Clock.Clock, set.clock)
    )
  }).pipe(Effect.scoped, Effect.runPromise)

const restart = {
  ...defaultRestartPolicy,
  when: "on-failure",
  delayMs: 1500,
  backoff: "constant"
} as const

describe("what is left of a length after a take-over", () => {
  test("is never less than nothing and never more than the whole, wherever the clock stands", () => {
    expect(leftMs(1000, 6000, 2000)).toBe(4000)
    expect(leftMs(1000, 6000, 2000 + hourMs)).toBe(0)
    expect(leftMs(1000, 6000, 2000 - hourMs)).toBe(5000)
  })
})

describe("the delay of a restart policy", () => {
  test("is as long as it was asked for when the clock is set back meanwhile", () =>
    onSetClock(({ start, fail, pass, jump, status }) =>
      Effect.gen(function* () {
        yield* start({ restart })
        yield* fail
        yield* pass(400)
        jump(-hourMs)
        yield* pass(1099)
        expect(yield* status).toBe("retrying 1")
        yield* pass(1)
        expect(yield* status).toBe("queued 2")
      })
    ))

  test("is as long as it was asked for when the clock is set forward meanwhile", () =>
    onSetClock(({ start, fail, pass, jump, status }) =>
      Effect.gen(function* () {
        yield* start({ restart })
        yield* fail
        jump(hourMs)
        yield* pass(1499)
        expect(yield* status).toBe("retrying 1")
        yield* pass(1)
        expect(yield* status).toBe("queued 2")
      })
    ))
})

describe("a delayed start", () => {
  test("comes after its delay when the clock is set back meanwhile", () =>
    onSetClock(({ start, pass, jump, status }) =>
      Effect.gen(function* () {
        yield* start({ delayMs: 5000 })
        jump(-hourMs)
        yield* pass(4999)
        expect(yield* status).toBe("queued 1")
        yield* pass(1)
        expect(yield* status).toBe("running 1")
      })
    ))

  test("does not come early when the clock is set forward and something else is committed", () =>
    onSetClock(({ start, pass, jump, status, another }) =>
      Effect.gen(function* () {
        yield* start({ delayMs: 5000 })
        jump(hourMs)
        yield* another
        expect(yield* status).toBe("queued 1")
        yield* pass(5000)
        expect(yield* status).toBe("running 1")
      })
    ))

  test("at an instant follows the wall clock", () =>
    onSetClock(({ start, pass, jump, status }) =>
      Effect.gen(function* () {
        yield* start({ notBefore: startAt + hourMs })
        jump(hourMs - 10_000)
        yield* pass(9999)
        expect(yield* status).toBe("queued 1")
        yield* pass(30_000)
        expect(yield* status).toBe("running 1")
      })
    ))
})
