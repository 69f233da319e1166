/** stop, restart, prune and wait of several: by ids, by a tag, and as the caller's own. */
import { describe, expect, test } from "bun:test"
import { onTerminal } from "../calling/onTerminal.ts"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

const held = (id: string, more: object = {}) => ({ id, command: "cat", stdin: "open", ...more })

const statusOf = async (rig: Rig, id: string): Promise<unknown> =>
  (await rig.task("status", { id }))["status"]

/** Makes a call as a session does. */
const as = async (rig: Rig, session: string, operation: string, payload: object) => {
  const { document } = await rig.call([operation, JSON.stringify(payload)], {
    env: { CODEX_SESSION_ID: session }
  })
  return document
}

describe("a stop of several", () => {
  test("stops only the live tasks of a tag", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      held("a", { tags: ["dev"] }),
      held("b", { tags: ["dev"] }),
      held("other"),
      { id: "done", command: "true", tags: ["dev"] }
    ])
    await rig.data("wait", { id: "done" })
    expect(await rig.data("stop", { tag: "dev", reason: "enough" })).toMatchObject({
      successCount: 2,
      errorCount: 0
    })
    expect([
      await statusOf(rig, "a"),
      await statusOf(rig, "b"),
      await statusOf(rig, "other")
    ]).toEqual(["cancelled", "cancelled", "running"])
    expect(await rig.data("stop", { tag: "dev" })).toMatchObject({ successCount: 0, errorCount: 0 })
    expect(await rig.refusal(["stop", '{"tag":"dve"}'])).toMatchObject({
      type: "TaskNotFound",
      details: { nearest: "dev" }
    })
  })

  test("accepts ids, and exactly one way to name tasks", async () => {
    await using rig = new Rig()
    await rig.data("start", [held("a"), held("b")])
    expect(await rig.data("stop", { ids: ["a", "b"], force: true })).toMatchObject({
      successCount: 2
    })
    for (const payload of [{}, { id: "a", tag: "x" }, { ids: ["a"], mine: true }]) {
      expect(await rig.refusal(["stop", JSON.stringify(payload)])).toMatchObject({
        type: "CommandInputError",
        message: expect.stringContaining("exactly one of")
      })
    }
  })
})

describe("a restart of several", () => {
  test("runs the tasks of a tag again", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, command: "true", tags: ["ci"] })),
      ["--wait"]
    )
    await rig.data("restart", { tag: "ci" }, ["--wait"])
    expect(await rig.task("status", { id: "a" })).toMatchObject({ attempt: 2 })
    await rig.data("restart", { ids: ["b"] }, ["--wait"])
    expect(await rig.task("status", { id: "b" })).toMatchObject({ attempt: 3 })
  })
})

describe("the caller's own tasks", () => {
  test("are those that its session started", async () => {
    await using rig = new Rig()
    await as(rig, "one", "start", held("a"))
    await as(rig, "two", "start", held("b"))
    await rig.data("start", held("c"))
    expect(await as(rig, "one", "list", { mine: true })).toMatchObject({
      data: { total: 1, tasks: [{ id: "a" }] }
    })
    expect(await as(rig, "one", "stop", { mine: true })).toMatchObject({
      data: { successCount: 1 }
    })
    expect(await as(rig, "one", "wait", { mine: true })).toMatchObject({ ok: true })
    expect([await statusOf(rig, "a"), await statusOf(rig, "b"), await statusOf(rig, "c")]).toEqual([
      "cancelled",
      "running",
      "running"
    ])
    expect(await as(rig, "one", "prune", { mine: true })).toMatchObject({
      data: { removed: ["a"] }
    })
  })

  test("of a caller without a session are those of its terminal, never all tasks", async () => {
    await using rig = new Rig()
    await rig.data("start", held("other"))
    // Two calls of one shell on one terminal.
    const calls = `'${binary}' start '${JSON.stringify(held("a"))}' && '${binary}' list '{"mine":true}'`
    const child = Bun.spawn(["script", "-qec", calls, "/dev/null"], {
      env: rig.environment(),
      stdio: ["ignore", "pipe", "ignore"]
    })
    expect(await child.stdout.text()).toContain('"total":1')
    // Another shell on another terminal.
    expect(await onTerminal(rig, ["list", '{"mine":true}'])).toContain('"total":0')
    const alone = Bun.spawnSync(["setsid", "-w", binary, "list", '{"mine":true}'], {
      env: rig.environment(),
      stdin: "ignore",
      stdout: "ignore"
    })
    expect(alone.stderr.toString()).toContain("requires a caller with a session or a terminal")
  })
})

describe("a prune that removes nothing", () => {
  test("says why", async () => {
    await using rig = new Rig()
    expect(await rig.data("prune")).toMatchObject({ removed: [], reason: "no task has ended" })
    await rig.data("start", { id: "a", command: "true", tags: ["old"] }, ["--wait"])
    expect(await rig.data("prune")).toMatchObject({
      removed: [],
      reason: expect.stringMatching(
        /^no task ended more than 7 days ago\. The oldest, a, will be removed on /u
      )
    })
    await rig.data("start", held("b"))
    expect(await rig.data("prune", { ids: ["b"] })).toMatchObject({
      removed: [],
      reason: "none of these tasks has ended"
    })
    await rig.data("pipeline create", {
      id: "p",
      tasks: [
        { key: "done", command: "true" },
        { key: "runs", command: "cat", stdin: "open" }
      ]
    })
    await rig.data("wait", { id: "p.done" })
    expect(await rig.data("prune", { ids: ["p.done"] })).toMatchObject({
      removed: [],
      reason: expect.stringContaining("not removed although they have ended: p.done")
    })
    expect(await rig.data("prune", { tag: "old" })).toMatchObject({ removed: ["a"] })
  })
})
