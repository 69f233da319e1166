import { describe, expect, test } from "bun:test"
import { agentBytes } from "@backbeat/core/queue/admit"
import { engine } from "@backbeat/core/task/Actor"
import * as Effect from "effect/Effect"
import { gibibyte, idle, onQueueRig } from "./QueueRig.ts"

const busy = { ...idle, cpuPercent: 95 }

describe("the queue of agents", () => {
  test("starts all that wait when the machine has room", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.start(["a", "b", "c"])
        expect(yield* rig.running).toEqual(["a", "b", "c"])
        expect(rig.admission.held()).toBeNull()
      })
    ))

  test("starts one on a busy machine, and the next in its turn when that ends", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["p2"], { priority: "P2" })
        yield* rig.start(["a", "b"])
        yield* rig.start(["p0"], { priority: "P0" })
        expect(yield* rig.running).toEqual(["p2"])
        expect(rig.admission.held()).toEqual({ because: "cpu", cpuPercent: 95, cpuThreshold: 80 })
        yield* rig.end("p2")
        expect(yield* rig.running).toEqual(["p0"])
        yield* rig.end("p0")
        expect(yield* rig.running).toEqual(["a"])
      })
    ))

  test("holds nobody else back", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        yield* rig.start(["c", "d"], { queue: "default" })
        yield* rig.start(["e"], { queue: "agents2" })
        expect(yield* rig.running).toEqual(["a", "c", "d", "e"])
      })
    ))

  test("runs no more than its concurrency where one is configured", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.settings = { ...rig.settings, queues: { agents: { concurrency: 2 } } }
        yield* rig.start(["a", "b", "c", "d"])
        expect(yield* rig.running).toEqual(["a", "b"])
        expect(rig.admission.held()).toBeNull()
        yield* rig.end("a")
        expect(yield* rig.running).toEqual(["b", "c"])
        rig.machine = busy
        yield* rig.end("b")
        expect(yield* rig.running).toEqual(["c"])
      })
    ))

  test("starts what has room at once when the limits are changed", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        rig.settings = { ...rig.settings, cpuThreshold: 96 }
        yield* rig.transitions.fillSlots
        expect(yield* rig.running).toEqual(["a", "b"])
      })
    ))
})

describe("a machine with memory for two", () => {
  const memory = { ...idle, availableBytes: gibibyte + 2 * agentBytes }

  test("takes on two, and keeps room for them while they settle", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = memory
        yield* rig.start(["a", "b", "c"])
        expect(yield* rig.running).toEqual(["a", "b"])
        yield* rig.start(["d"])
        expect(rig.admission.held()).toMatchObject({
          because: "memory",
          expectedBytes: 2 * agentBytes,
          reserveBytes: gibibyte
        })
        yield* rig.pass(7000)
        expect(yield* rig.running).toEqual(["a", "b"])
        // Half of the window is over: two halves are expected yet, and the rest is room for one.
        yield* rig.pass(1000)
        expect(yield* rig.running).toEqual(["a", "b", "c"])
      })
    ))

  test("has the share of one that ends at once, also of one that has just started", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = memory
        yield* rig.start(["a", "b", "c", "d"])
        yield* rig.end("b")
        expect(yield* rig.running).toEqual(["a", "c"])
        yield* rig.end("a")
        expect(yield* rig.running).toEqual(["c", "d"])
      })
    ))

  test("forgets what a transaction that failed would have started", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = memory
        yield* rig.start(["a"], { queue: "paused-later" })
        yield* rig.end("a")
        const failing = rig.transitions.commit((tx) =>
          Effect.andThen(
            Effect.flatMap(rig.store.find("a"), (task) =>
              task === null
                ? Effect.die("gone")
                : Effect.orDie(
                    tx.change(
                      task,
                      { type: "Restart", reason: null, spec: { ...task.spec, queue: "agents" } },
                      engine
                    )
                  )
            ),
            Effect.fail("no")
          )
        )
        yield* Effect.exit(failing)
        yield* rig.start(["b", "c"])
        expect(yield* rig.running).toEqual(["b", "c"])
      })
    ))
})

describe("what is held back", () => {
  test("is looked at once a second, and starts when there is room", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b", "c"])
        const before = rig.asked.resources
        yield* rig.pass(999)
        expect(rig.asked.resources).toBe(before)
        for (let second = 0; second < 10; second++) yield* rig.pass(1000)
        expect(rig.asked.resources).toBe(before + 10)
        rig.machine = idle
        yield* rig.pass(1000)
        expect(yield* rig.running).toEqual(["a", "b", "c"])
      })
    ))

  test("is looked at a tenth of a second later when CPU use had to be measured", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = { ...idle, cpuPercent: null, isMeasuring: true }
        yield* rig.start(["a", "b"])
        expect(yield* rig.running).toEqual(["a"])
        expect(rig.admission.held()).toEqual({ because: "measuring" })
        rig.machine = idle
        yield* rig.pass(110)
        expect(yield* rig.running).toEqual(["a", "b"])
      })
    ))

  test("is the only thing for which the machine is looked at", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.pass(100_000)
        yield* rig.start(["x"], { queue: "default" })
        expect(rig.asked.resources).toBe(0)
        yield* rig.start(["a"])
        yield* rig.pass(100_000)
        expect(rig.asked.resources).toBe(1)
        rig.machine = busy
        yield* rig.start(["b"])
        expect(rig.asked.resources).toBe(2)
        yield* rig.transitions.apply(
          "b",
          { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 1 },
          engine
        )
        expect(rig.admission.held()).toBeNull()
        let commits = 0
        rig.transitions.onCommit(() => void commits++)
        yield* rig.pass(100_000)
        expect({ commits, resources: rig.asked.resources }).toEqual({ commits: 0, resources: 2 })
      })
    ))

  test("is not looked at again in the same moment for what concerns others", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        const { resources, ready } = rig.asked
        for (let n = 0; n < 20; n++) yield* rig.start([`other-${n}`], { queue: "default" })
        expect(rig.asked).toMatchObject({ resources, ready: ready + 20 })
        expect(rig.admission.held()).toMatchObject({ because: "cpu" })
        yield* rig.pass(200)
        yield* rig.start(["one-more"], { queue: "default" })
        expect(rig.asked.resources).toBe(resources + 1)
      })
    ))

  test("is looked at again when slots are to be filled, not for a commit that changes nothing", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        const { resources } = rig.asked
        for (let n = 0; n < 5; n++) yield* rig.transitions.commit(() => Effect.void)
        expect(rig.asked.resources).toBe(resources)
        expect(rig.admission.held()).toMatchObject({ because: "cpu" })
        rig.machine = idle
        yield* rig.transitions.fillSlots
        expect(rig.asked.resources).toBe(resources + 1)
        expect(yield* rig.running).toEqual(["a", "b"])
      })
    ))

  test("is nothing while the queue is paused, however busy the machine", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        yield* rig.pauses.changing(
          rig.transitions.commit((tx) =>
            rig.queues.pause("agents", { at: tx.now, actor: engine, reason: null })
          )
        )
        expect(rig.admission.held()).toBeNull()
        const { resources } = rig.asked
        yield* rig.pass(100_000)
        expect(rig.asked.resources).toBe(resources)
      })
    ))

  test("is not what is due later", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a"])
        yield* rig.start(["later"], { notBefore: 1_790_000_500_000 })
        expect(rig.admission.held()).toBeNull()
      })
    ))
})
