/** --concurrency: how many tasks of one call run at a time, beside the limit of their queue. */
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const decode = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String }))
)

/** The ids of the tasks in a status, in the order of their names. */
const idsIn = async (rig: Rig, status: string): Promise<ReadonlyArray<string>> =>
  decode((await rig.data("list", { status }))["tasks"])
    .map(({ id }) => id)
    .toSorted()

const held = (...ids: ReadonlyArray<string>) =>
  ids.map((id) => ({ id, command: "cat", stdin: "open" }))

const finish = async (rig: Rig, id: string): Promise<void> => {
  await rig.data("send", { id, eof: true })
  await rig.data("wait", { id })
}

describe("a start of many with --concurrency", () => {
  test("runs that many at a time, also under the next engine, and why explains what holds the others back", async () => {
    await using rig = new Rig()
    await rig.data("start", held("a", "b", "c", "d"), ["--concurrency", "2"])
    expect([await idsIn(rig, "running"), await idsIn(rig, "queued")]).toEqual([
      ["a", "b"],
      ["c", "d"]
    ])
    expect(await rig.data("why", { id: "c" })).toMatchObject({
      status: "queued",
      because: [{ what: "its call allows 2 running tasks (--concurrency), and 2 are running" }]
    })
    await rig.data("start", { id: "alone", command: "true" }, ["--wait"])
    await finish(rig, "b")
    expect([await idsIn(rig, "running"), await idsIn(rig, "queued")]).toEqual([["a", "c"], ["d"]])
    await rig.killEngine()
    expect([await idsIn(rig, "running"), await idsIn(rig, "queued")]).toEqual([["a", "c"], ["d"]])
    await finish(rig, "a")
    expect(await idsIn(rig, "running")).toEqual(["c", "d"])
  })

  test("is a second limit: a queue with fewer slots holds back more", async () => {
    await using rig = new Rig()
    await rig.data("queue set", { queue: "one", concurrency: 1 })
    await rig.data(
      "start",
      held("a", "b", "c").map((task) => ({ ...task, queue: "one" })),
      ["--concurrency", "2"]
    )
    expect(await idsIn(rig, "running")).toEqual(["a"])
    await finish(rig, "a")
    expect(await idsIn(rig, "running")).toEqual(["b"])
  })
})

describe("a pipeline created with --concurrency", () => {
  test("runs that many of its tasks at a time", async () => {
    await using rig = new Rig()
    const tasks = ["a", "b", "c"].map((key) => ({ key, command: "cat", stdin: "open" }))
    await rig.data("pipeline create", { id: "p", tasks }, ["--concurrency", "1"])
    expect([await idsIn(rig, "running"), await idsIn(rig, "queued")]).toEqual([
      ["p.a"],
      ["p.b", "p.c"]
    ])
    await finish(rig, "p.a")
    expect(await idsIn(rig, "running")).toEqual(["p.b"])
  })
})

describe("a restart of many with --concurrency", () => {
  test("runs that many of them at a time", async () => {
    await using rig = new Rig()
    await rig.data("start", held("a", "b", "c"))
    for (const id of ["a", "b", "c"]) await finish(rig, id)
    await rig.data("restart", ["a", "b", "c"], ["--concurrency", "2"])
    expect([await idsIn(rig, "running"), await idsIn(rig, "queued")]).toEqual([["a", "b"], ["c"]])
    await finish(rig, "a")
    while ((await idsIn(rig, "queued")).length > 0);
    expect(await idsIn(rig, "running")).toEqual(["b", "c"])
  })
})

describe("a stop of many with --concurrency", () => {
  test("stops that many at a time", async () => {
    await using rig = new Rig()
    Bun.spawnSync(["mkfifo", join(rig.scratch, "hold")])
    const script = "trap 'echo asked; cat hold; exit 0' TERM; echo up; while :; do sleep 0.01; done"
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, script, cwd: rig.scratch, gracePeriodMs: 60_000 }))
    )
    for (const id of ["a", "b"]) await rig.data("wait", { id, for: { log: "up" } })
    const stopped = rig.data("stop", ["a", "b"], ["--concurrency", "1"])
    await rig.data("wait", { id: "a", for: { log: "asked" } })
    expect([await idsIn(rig, "stopping"), await idsIn(rig, "running")]).toEqual([["a"], ["b"]])
    await Bun.spawn(["sh", "-c", ": >hold"], { cwd: rig.scratch }).exited
    await rig.data("wait", { id: "b", for: { log: "asked" } })
    await Bun.spawn(["sh", "-c", ": >hold"], { cwd: rig.scratch }).exited
    expect(await stopped).toMatchObject({ successCount: 2 })
  })
})

describe("a queue without configuration", () => {
  test("is mentioned in the answer, in plan and in why until it has a limit", async () => {
    await using rig = new Rig()
    const warning = expect.stringMatching(/^queue three has no limit: backbeat queue set /u)
    const task = { command: "cat", stdin: "open", queue: "three" }
    expect(await rig.data("start", { id: "a", ...task })).toMatchObject({ warnings: [warning] })
    expect(await rig.data("start", [task, task])).toMatchObject({
      successCount: 2,
      warnings: [warning]
    })
    expect(await rig.data("pipeline create", { queue: "three", steps: ["true"] })).toMatchObject({
      warnings: [warning]
    })
    expect(await rig.data("plan", { payload: task })).toMatchObject({
      tasks: [{ warnings: [warning] }]
    })
    expect(await rig.data("why", { id: "a" })).toMatchObject({
      because: expect.arrayContaining([expect.objectContaining({ what: warning })])
    })
    await rig.data("queue set", { queue: "three", concurrency: 3 })
    expect(await rig.data("start", { id: "b", ...task })).not.toHaveProperty("warnings")
  })
})
