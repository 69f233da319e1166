import { describe, expect, test } from "bun:test"
import { engine } from "@backbeat/core/history/Actor"
import { type Pause, QueueStore } from "@backbeat/store/QueueStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { layerPauses, Pauses } from "../../src/queue/Pauses.ts"
import { onQueueRig, type QueueRig } from "./QueueRig.ts"

const pausing = (rig: QueueRig, queue: string) =>
  rig.transitions.commit((tx) =>
    rig.queues.pause(queue, { at: tx.now, actor: engine, reason: null })
  )
const pause = (rig: QueueRig, queue: string) => rig.pauses.changing(pausing(rig, queue))
const resume = (rig: QueueRig, queue: string) =>
  rig.pauses.changing(rig.transitions.commit(() => rig.queues.resume(queue)))

describe("a paused queue", () => {
  test("starts nothing, keeps its running tasks, and accepts new ones", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.start(["a"], { queue: "builds" })
        yield* pause(rig, "builds")
        yield* rig.start(["b", "c"], { queue: "builds" })
        yield* rig.start(["d"], { queue: "default" })
        expect(yield* rig.running).toEqual(["a", "d"])
        yield* rig.end("a")
        expect(yield* rig.running).toEqual(["d"])
      })
    ))

  test("starts its queued tasks, in order, in the commit that resumes it", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.settings = { ...rig.settings, queues: { builds: { concurrency: 2 } } }
        yield* pause(rig, "builds")
        yield* rig.start(["a", "b"], { queue: "builds" })
        yield* rig.start(["p0"], { queue: "builds", priority: "P0" })
        yield* resume(rig, "builds")
        expect(yield* rig.running).toEqual(["p0", "a"])
      })
    ))

  test("is not paused by a transaction that fails", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.start(["a"], { queue: "builds" })
        const failing = rig.transitions.commit(() =>
          Effect.andThen(
            Effect.orDie(rig.queues.pause("builds", { at: 0, actor: engine, reason: null })),
            Effect.fail("no")
          )
        )
        yield* Effect.exit(rig.pauses.changing(failing))
        yield* rig.start(["b"], { queue: "builds" })
        expect(yield* rig.running).toEqual(["a", "b"])
        expect(yield* rig.pauses.all).toEqual(new Map())
      })
    ))

  test("is visible to every reader from its commit on, between other commits", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          const others = Effect.forEach(
            Array.from({ length: 20 }, (_, n) => `other-${round}-${n}`),
            (id) => Effect.andThen(Effect.yieldNow, rig.start([id], { queue: "default" })),
            { concurrency: "unbounded", discard: true }
          )
          yield* Effect.all([others, pause(rig, "builds")], { concurrency: "unbounded" })
          yield* rig.start([`held-${round}`], { queue: "builds" })
          expect(yield* rig.running).not.toContain(`held-${round}`)
          yield* resume(rig, "builds")
          expect(yield* rig.running).toContain(`held-${round}`)
        }
      })
    ))
})

/** Pauses on a store that returns when the test says so. */
const onSlowStore = (
  body: (
    pauses: Pauses["Service"],
    answer: (queues: ReadonlyArray<string>) => Effect.Effect<void>
  ) => Effect.Effect<void, unknown>
) => {
  const asked: Array<Deferred.Deferred<ReadonlyMap<string, Pause>>> = []
  const store = QueueStore.of({
    pause: () => Effect.void,
    resume: () => Effect.void,
    counts: Effect.succeed([]),
    ahead: () => Effect.succeed(0),
    paused: Effect.suspend(() => {
      const asking = Deferred.makeUnsafe<ReadonlyMap<string, Pause>>()
      asked.push(asking)
      return Deferred.await(asking)
    })
  })
  const answer = (queues: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const asking = asked.shift()
      if (asking === undefined) throw new Error("the store was not asked")
      return Effect.asVoid(
        Deferred.succeed(
          asking,
          new Map(queues.map((queue) => [queue, { at: 0, actor: engine, reason: null }]))
        )
      )
    })
  return Effect.gen(function* () {
    yield* body(yield* Pauses, answer)
  }).pipe(
    Effect.provide(Layer.provide(layerPauses, Layer.succeed(QueueStore, store))),
    Effect.runPromise
  )
}

describe("the cached pauses", () => {
  test("do not contain what was read across a change", () =>
    onSlowStore((pauses, answer) =>
      Effect.gen(function* () {
        const early = yield* Effect.forkChild(pauses.all, { startImmediately: true })
        yield* pauses.changing(Effect.void)
        yield* answer([])
        expect(yield* Fiber.join(early)).toEqual(new Map())
        const late = yield* Effect.forkChild(pauses.all, { startImmediately: true })
        yield* answer(["builds"])
        expect([...(yield* Fiber.join(late)).keys()]).toEqual(["builds"])
        expect([...(yield* pauses.all).keys()]).toEqual(["builds"])
      })
    ))
})

describe("a commit", () => {
  test("does not read queues when nothing is queued, and reads the pauses once when a task is", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        const { asked } = rig
        for (let n = 0; n < 10; n++) yield* rig.transitions.commit(() => Effect.void)
        expect(asked).toEqual({ resources: 0, ready: 0, busy: 0, paused: 0 })
        for (let n = 0; n < 10; n++) yield* rig.start([`t${n}`], { queue: "default" })
        expect(asked).toEqual({ resources: 0, ready: 10, busy: 10, paused: 1 })
        yield* pause(rig, "builds")
        for (let n = 10; n < 20; n++) yield* rig.start([`t${n}`], { queue: "default" })
        expect(asked.paused).toBe(2)
      })
    ))

  test("obeys the slots of a queue that is named like a property of every object", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.start(["a", "b"], { queue: "constructor" })
        rig.settings = { ...rig.settings, queues: { toString: { concurrency: 1 } } }
        yield* rig.start(["c", "d"], { queue: "toString" })
        expect(yield* rig.running).toEqual(["a", "b", "c"])
        yield* rig.end("c")
        expect(yield* rig.running).toEqual(["a", "b", "d"])
      })
    ))
})
