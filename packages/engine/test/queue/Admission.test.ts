import { describe, expect, test } from "bun:test"
import { agentBytes } from "@backbeat/core/queue/admit"
import { engine } from "@backbeat/core/history/Actor"
import * as Effect from "effect/Effect"
import { gibibyte, idle, onQueueRig } from "./QueueRig.ts"

const busy = { ...idle, cpuPercent: 95 }

describe("the queue agents", () => {
  test("starts all its tasks when the machine is idle", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        yield* rig.start(["a", "b", "c"])
        expect(yield* rig.running).toEqual(["a", "b", "c"])
        expect(rig.admission.limitedBy()).toBeNull()
      })
    ))

  test("starts one task on a busy machine, and the next in order when it ends", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["p2"], { priority: "P2" })
        yield* rig.start(["a", "b"])
        yield* rig.start(["p0"], { priority: "P0" })
        expect(yield* rig.running).toEqual(["p2"])
        expect(rig.admission.limitedBy()).toEqual({
          because: "cpu",
          cpuPercent: 95,
          cpuThreshold: 80
        })
        yield* rig.end("p2")
        expect(yield* rig.running).toEqual(["p0"])
        yield* rig.end("p0")
        expect(yield* rig.running).toEqual(["a"])
      })
    ))

  test("does not hold other queues back", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        yield* rig.start(["c", "d"], { queue: "default" })
        yield* rig.start(["e"], { queue: "agents2" })
        expect(yield* rig.running).toEqual(["a", "c", "d", "e"])
      })
    ))

  test("runs at most its configured concurrency", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.settings = { ...rig.settings, queues: { agents: { concurrency: 2 } } }
        yield* rig.start(["a", "b", "c", "d"])
        expect(yield* rig.running).toEqual(["a", "b"])
        expect(rig.admission.limitedBy()).toBeNull()
        yield* rig.end("a")
        expect(yield* rig.running).toEqual(["b", "c"])
        rig.machine = busy
        yield* rig.end("b")
        expect(yield* rig.running).toEqual(["c"])
      })
    ))

  test("starts what its new limits allow as soon as they change", () =>
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

describe("a machine with memory for two tasks", () => {
  const memory = { ...idle, availableBytes: gibibyte + 2 * agentBytes }

  test("admits two, and reserves their memory during the settling window", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = memory
        yield* rig.start(["a", "b", "c"])
        expect(yield* rig.running).toEqual(["a", "b"])
        yield* rig.start(["d"])
        expect(rig.admission.limitedBy()).toMatchObject({
          because: "memory",
          expectedBytes: 2 * agentBytes,
          reserveBytes: gibibyte
        })
        yield* rig.pass(7000)
        expect(yield* rig.running).toEqual(["a", "b"])
        // Half of the settling window has passed: half of each task's memory is still expected, so
        // there is enough for one more task.
        yield* rig.pass(1000)
        expect(yield* rig.running).toEqual(["a", "b", "c"])
      })
    ))

  test("frees the memory of an ended task at once, even if it had just started", () =>
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

  test("does not count the starts of a failed transaction", () =>
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

describe("a task that is held back", () => {
  test("is checked once a second, and starts when there are resources", () =>
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

  test("is checked after a tenth of a second when CPU use had to be measured first", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = { ...idle, cpuPercent: null, isMeasuring: true }
        yield* rig.start(["a", "b"])
        expect(yield* rig.running).toEqual(["a"])
        expect(rig.admission.limitedBy()).toEqual({ because: "measuring" })
        rig.machine = idle
        yield* rig.pass(110)
        expect(yield* rig.running).toEqual(["a", "b"])
      })
    ))

  test("is the only reason to sample the machine", () =>
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
        expect(rig.admission.limitedBy()).toBeNull()
        let commits = 0
        rig.transitions.onCommit(() => void commits++)
        yield* rig.pass(100_000)
        expect({ commits, resources: rig.asked.resources }).toEqual({ commits: 0, resources: 2 })
      })
    ))

  test("is not checked again at once for commits of other queues", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        const { resources, ready } = rig.asked
        for (let n = 0; n < 20; n++) yield* rig.start([`other-${n}`], { queue: "default" })
        expect(rig.asked).toMatchObject({ resources, ready: ready + 20 })
        expect(rig.admission.limitedBy()).toMatchObject({ because: "cpu" })
        yield* rig.pass(200)
        yield* rig.start(["one-more"], { queue: "default" })
        expect(rig.asked.resources).toBe(resources + 1)
      })
    ))

  test("is checked when slots are to be filled, not for a commit that changes nothing", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        const { resources } = rig.asked
        for (let n = 0; n < 5; n++) yield* rig.transitions.commit(() => Effect.void)
        expect(rig.asked.resources).toBe(resources)
        expect(rig.admission.limitedBy()).toMatchObject({ because: "cpu" })
        rig.machine = idle
        yield* rig.transitions.fillSlots
        expect(rig.asked.resources).toBe(resources + 1)
        expect(yield* rig.running).toEqual(["a", "b"])
      })
    ))

  test("does not exist while the queue is paused, however busy the machine is", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a", "b"])
        yield* rig.pauses.changing(
          rig.transitions.commit((tx) =>
            rig.queues.pause("agents", { at: tx.now, actor: engine, reason: null })
          )
        )
        expect(rig.admission.limitedBy()).toBeNull()
        const { resources } = rig.asked
        yield* rig.pass(100_000)
        expect(rig.asked.resources).toBe(resources)
      })
    ))

  test("is not one that is due later", () =>
    onQueueRig((rig) =>
      Effect.gen(function* () {
        rig.machine = busy
        yield* rig.start(["a"])
        yield* rig.start(["later"], { notBefore: 1_790_000_500_000 })
        expect(rig.admission.limitedBy()).toBeNull()
      })
    ))
})
