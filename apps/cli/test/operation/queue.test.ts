/** queue list, pause, resume and set. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const plain = { paused: null, concurrency: null, queued: 0, running: 0, held: null }

describe("queue list", () => {
  test("shows the built-in, configured and paused queues, and those with live tasks", async () => {
    await using rig = new Rig()
    expect(await rig.data("queue list")).toEqual({
      queues: [
        { queue: "default", ...plain, admission: "all" },
        { queue: "agents", ...plain, admission: "resources" }
      ]
    })
    await rig.data("queue set", { queue: "builds", concurrency: 1 })
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, queue: "builds", script: "sleep 60" }))
    )
    await rig.data("start", { queue: "later", command: "true", delayMs: 600_000 })
    await rig.data("start", { queue: "over", command: "true" }, ["--wait"])
    await rig.data("queue pause", { queue: "paused.one" })
    const { queues } = await rig.data("queue list")
    expect(queues).toMatchObject([
      { queue: "default" },
      { queue: "agents" },
      {
        queue: "builds",
        concurrency: 1,
        admission: "slots",
        queued: 1,
        running: 1,
        held: { because: "slots", message: "the only slot of queue builds is taken" }
      },
      { queue: "later", queued: 1, running: 0, held: null },
      { queue: "paused.one", paused: { reason: null }, held: null }
    ])
  })
})

describe("queue pause and resume", () => {
  test("start nothing in between, keep running tasks, and then start queued tasks at once", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "before", queue: "builds", command: "cat", stdin: "open" })
    const paused = await rig.data("queue pause", {
      queue: "builds",
      reason: "the registry is down"
    })
    expect(paused).toEqual({
      queue: {
        queue: "builds",
        ...plain,
        paused: {
          at: expect.stringMatching(/Z$/u),
          by: { kind: "caller", client: "cli", pid: expect.any(Number) },
          reason: "the registry is down"
        },
        admission: "all",
        running: 1
      }
    })
    expect(
      await rig.data("start", [
        { id: "a", queue: "builds", command: "true" },
        { id: "b", command: "true" }
      ])
    ).toMatchObject({
      results: [{ data: { task: { status: "queued" } } }, { data: { task: { queue: "default" } } }]
    })
    await rig.data("wait", { id: "b" })
    await rig.data("send", { id: "before", eof: true })
    expect(await rig.data("wait", { id: "before" })).toMatchObject({
      task: { status: "completed" }
    })
    const message = expect.stringMatching(
      /^queue builds was paused by a caller \(cli, pid \d+\): the registry is down$/u
    )
    expect(await rig.data("why", { id: "a" })).toMatchObject({
      status: "queued",
      because: [
        { what: message, since: expect.any(String), actor: { kind: "caller", client: "cli" } },
        { what: "it is number 1 in queue builds" }
      ],
      next: "Resume the queue: backbeat queue resume builds"
    })
    expect(await rig.data("queue list")).toMatchObject({
      queues: [{}, {}, { queued: 1, running: 0, held: { because: "paused", message } }]
    })
    // The positional form, as a person types it.
    expect((await rig.call(["queue", "resume", "builds"])).document).toMatchObject({
      data: { queue: { paused: null, held: null } }
    })
    expect(await rig.data("wait", { id: "a" })).toMatchObject({ task: { status: "completed" } })
  })

  test("may be repeated: the pause does not change, and there is nothing to resume", async () => {
    await using rig = new Rig()
    const first = await rig.data("queue pause", { queue: "builds", reason: "first" })
    expect(await rig.data("queue pause", { queue: "builds", reason: "second" })).toEqual(first)
    const resumed = { queue: { queue: "builds", ...plain, admission: "all" } }
    expect(await rig.data("queue resume", { queue: "builds" })).toEqual(resumed)
    expect(await rig.data("queue resume", { queue: "builds" })).toEqual(resumed)
  })

  test("hold back restarts too, and queued tasks can be cancelled", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", queue: "builds", command: "true" }, ["--wait"])
    await rig.data("queue pause", { queue: "builds" })
    expect(await rig.task("restart", { id: "x" })).toMatchObject({ status: "queued" })
    await rig.data("start", { id: "y", queue: "builds", command: "true" })
    expect(await rig.task("stop", { id: "y" })).toMatchObject({ status: "cancelled" })
    await rig.data("queue resume", { queue: "builds" })
    expect(await rig.data("wait", { id: "x" })).toMatchObject({
      task: { status: "completed", attempt: 2 }
    })
  })

  test("survive the engine, with the order of the queue", async () => {
    await using rig = new Rig()
    await rig.data("queue set", { queue: "builds", concurrency: 1 })
    await rig.data("queue pause", { queue: "builds", reason: "kept" })
    const order = [
      ["p2", "P2"],
      ["p1a", "P1"],
      ["p0", "P0"],
      ["p1b", "P1"]
    ] as const
    for (const [id, priority] of order)
      await rig.data("start", { id, priority, queue: "builds", command: "true" })
    await rig.killEngine()
    expect(await rig.data("why", { id: "p1b" })).toMatchObject({
      because: [
        { what: expect.stringMatching(/: kept$/u) },
        { what: "it is number 3 in queue builds" }
      ]
    })
    expect(await rig.data("list", { status: "queued" })).toMatchObject({ total: 4 })
    await rig.killEngine()
    await rig.data("queue resume", { queue: "builds" })
    await rig.data("wait", { ids: order.map(([id]) => id) })
    const { events } = await rig.data("events", { types: ["task.started"] })
    expect(events).toMatchObject(["p0", "p1a", "p1b", "p2"].map((taskId) => ({ taskId })))
  })
})

describe("queue set", () => {
  test("writes the configuration, starts tasks in new slots at once, and removes the limit with null", async () => {
    await using rig = new Rig()
    const written = () => JSON.parse(readFileSync(join(rig.home, "config.json"), "utf8"))
    await rig.data("config set", { key: "retentionDays", value: 3 })
    expect(await rig.data("queue set", { queue: "a.b", concurrency: 1 })).toMatchObject({
      queue: { concurrency: 1, admission: "slots" }
    })
    expect(written()).toEqual({ retentionDays: 3, queues: { "a.b": { concurrency: 1 } } })
    await rig.data(
      "start",
      ["1", "2", "3"].map((id) => ({ id, queue: "a.b", script: "sleep 60" }))
    )
    expect(await rig.data("queue set", { queue: "a.b", concurrency: 2 })).toMatchObject({
      queue: { running: 2, queued: 1 }
    })
    expect(await rig.data("queue set", { queue: "a.b", concurrency: null })).toMatchObject({
      queue: { concurrency: null, admission: "all", running: 3, queued: 0 }
    })
    expect(written()).toEqual({ retentionDays: 3 })
    // Fewer slots stop nothing that runs.
    expect(await rig.data("queue set", { queue: "a.b", concurrency: 1 })).toMatchObject({
      queue: { running: 3 }
    })
  })

  test("rejects an invalid concurrency and an invalid queue name", async () => {
    await using rig = new Rig()
    for (const payload of [
      { queue: "x", concurrency: 0 },
      { queue: "x", concurrency: 1.5 },
      { queue: "x" },
      { queue: "a b", concurrency: 1 }
    ]) {
      expect(await rig.refusal(["queue", "set", JSON.stringify(payload)])).toMatchObject({
        command: "queue set",
        type: "CommandInputError"
      })
    }
    expect(await rig.refusal(["queue", "pause", "{}"])).toMatchObject({
      command: "queue pause",
      type: "CommandInputError"
    })
  })
})
