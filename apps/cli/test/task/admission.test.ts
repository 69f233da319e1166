/** The queue of agents on the real machine: what its resources hold back, and what lets it start. */
import { describe, expect, test } from "bun:test"
import { availableParallelism } from "node:os"
import { Rig } from "../Rig.ts"

/** Uses every core until it is disposed of. */
const hogCpu = async () => {
  const hogs = Array.from({ length: availableParallelism() }, () =>
    Bun.spawn(["sh", "-c", "echo begun; while :; do :; done"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
  )
  for (const { stdout } of hogs) await stdout.getReader().read()
  return {
    [Symbol.asyncDispose]: async () => {
      for (const hog of hogs) hog.kill("SIGKILL")
      await Promise.all(hogs.map(({ exited }) => exited))
    }
  }
}

describe("a machine with all cores in use", () => {
  test("runs one agent, explains why the others are held back, and starts them when CPU is free", async () => {
    await using rig = new Rig()
    {
      await using _hog = await hogCpu()
      await rig.data("config set", { key: "cpuThreshold", value: 60 })
      const start = (id: string) =>
        rig.task("start", { id, queue: "agents", command: "cat", stdin: "open" })
      expect(await start("first")).toMatchObject({ status: "running" })
      expect(await start("second")).toMatchObject({ status: "queued" })
      expect(await start("third")).toMatchObject({ status: "queued" })
      // In the first tenth of a second the use is being measured.
      const explain = () => rig.data("why", { id: "third" })
      let why = await explain()
      for (let tries = 0; tries < 100 && JSON.stringify(why).includes("being measured"); tries++)
        why = await explain()
      expect(why).toMatchObject({
        status: "queued",
        because: [
          {
            what: expect.stringMatching(/^CPU use is (?:[6-9]\d|100) %, and cpuThreshold is 60 %$/u)
          },
          { what: "it is number 2 in queue agents" }
        ],
        next: expect.stringMatching(/^It starts when CPU use is below 60 %/u)
      })
      expect(await rig.data("queue list")).toMatchObject({
        queues: [
          { queue: "default", held: null },
          {
            queue: "agents",
            admission: "resources",
            queued: 2,
            running: 1,
            held: { because: "cpu" }
          }
        ]
      })
    }
    const started = await rig.data("wait", { ids: ["second", "third"], for: "start" }, [
      "--timeout",
      "60"
    ])
    expect(started).toMatchObject({ outcome: "succeeded" })
  }, 90_000)
})

describe("a machine without free memory", () => {
  test("runs one agent after the other in order, and all of them when memoryReserve is lowered", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "cpuThreshold", value: 100 })
    await rig.data("config set", { key: "memoryReserve", value: 2 ** 50 })
    const agents = ["a", "b", "c", "d"].map((id) => ({
      id,
      queue: "agents",
      command: "cat",
      stdin: "open",
      priority: id === "d" ? "P0" : "P1"
    }))
    await rig.data("start", agents.slice(0, 1))
    await rig.data("start", agents.slice(1))
    expect(await rig.data("why", { id: "c" })).toMatchObject({
      because: [
        {
          what: expect.stringMatching(
            /^\d+ MiB of memory is available, .*the next task is expected to take 400 MiB, memoryReserve is 1073741824 MiB$/u
          )
        },
        { what: "it is number 3 in queue agents" }
      ]
    })
    await rig.data("send", { id: "a", eof: true })
    await rig.data("wait", { id: "d", for: "start" })
    expect(await rig.data("list", { status: "running" })).toMatchObject({
      total: 1,
      tasks: [{ id: "d" }]
    })
    await rig.data("config set", { key: "memoryReserve", value: 0 })
    await rig.data("wait", { ids: ["b", "c"], for: "start" })
    expect(await rig.data("list", { status: "running" })).toMatchObject({ total: 3 })
  })

  test("can be configured by the environment of the engine", async () => {
    await using rig = new Rig()
    const env = {
      MEMORY_RESERVE: String(2 ** 50),
      CPU_THRESHOLD: "99",
      WORKER_SETTLING_WINDOW_MS: "5"
    }
    await rig.call(["status", "none"], { env })
    expect(await rig.data("config show")).toMatchObject({
      config: { memoryReserve: 2 ** 50, cpuThreshold: 99, settlingWindowMs: 5 },
      sources: { memoryReserve: "environment" }
    })
  })
})
