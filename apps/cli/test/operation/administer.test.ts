/** plan, prune, doctor, config and engine. */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

describe("plan", () => {
  test("shows what a start would do, and starts nothing", async () => {
    await using rig = new Rig()
    const planned = await rig.data("plan", {
      payload: { command: "echo", args: ["hello"], delayMs: 60_000, env: { A: "secret" } }
    })
    expect(planned).toMatchObject({
      operation: "start",
      tasks: [
        {
          id: null,
          argv: [expect.stringMatching(/^\/.*\/echo$/u), "hello"],
          cwd: rig.scratch,
          spec: { envKeys: ["A"], gracePeriodMs: 5000, queue: "default", priority: "P2" },
          startsAt: expect.any(String),
          warnings: []
        }
      ],
      order: [0]
    })
    await rig.data("start", { id: "x", command: "true" }, ["--wait"])
    const { tasks } = await rig.data("plan", {
      payload: [{ id: "x", script: "true" }, { command: "no-such-command" }]
    })
    expect(tasks).toMatchObject([
      { id: "x", warnings: ["task x exists: this would run as its attempt 2"] },
      { warnings: ["it could not start: command not found: no-such-command"] }
    ])
    const twice = {
      payload: [
        { id: "y", command: "true" },
        { id: "y", command: "true" },
        { id: "y", command: "true", ifRunning: "return" }
      ]
    }
    expect(await rig.data("plan", twice)).toMatchObject({
      tasks: [
        { warnings: [] },
        {
          warnings: [
            "it would be rejected: items 0 and 1 have the same id. Use a different id for each"
          ]
        },
        { warnings: [] }
      ]
    })
    expect(await rig.refusal(["plan"])).toMatchObject({
      message: "payload is missing",
      details: {
        hint: expect.stringContaining(
          `backbeat plan '{"payload":{"command":"echo","args":["hello"]}}'`
        )
      }
    })
    expect(await rig.data("list")).toMatchObject({ total: 1 })
    expect(readdirSync(join(rig.home, "tasks"))).toEqual(["x"])
    expect(await rig.refusal(["plan", '{"payload":{"comand":"x"}}'])).toMatchObject({
      command: "plan",
      type: "CommandInputError"
    })
  })
})

describe("prune", () => {
  test("removes ended tasks with their files, or only reports what it would remove", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      [
        { id: "good", script: "seq 10000" },
        { id: "bad", command: "false" }
      ],
      ["--wait"]
    )
    await rig.data("start", { id: "live", script: "sleep 60" })
    await rig.data("logs", { id: "good" }, ["--output", "artifact"])
    const folders = () => readdirSync(join(rig.home, "tasks")).toSorted()
    expect(await rig.data("prune")).toMatchObject({ removed: [], freedBytes: 0, dryRun: false })
    const dry = await rig.data("prune", { olderThanDays: 0, dryRun: true })
    expect(dry).toMatchObject({ dryRun: true })
    expect([...Object(dry["removed"])].toSorted()).toEqual(["bad", "good"])
    expect(Number(dry["freedBytes"])).toBeGreaterThan(48_000)
    expect(folders()).toEqual(["bad", "good", "live"])
    expect(
      await rig.data("prune", { olderThanDays: 0, status: "failed", dryRun: true })
    ).toMatchObject({ removed: ["bad"] })
    expect(await rig.data("prune", { olderThanDays: 0, status: ["failed"] })).toMatchObject({
      removed: ["bad"]
    })
    expect(await rig.data("prune", { olderThanDays: 0 })).toMatchObject({
      removed: ["good"],
      dryRun: false
    })
    expect(folders()).toEqual(["live"])
    expect(existsSync(join(rig.home, "artifacts", "good.log"))).toBe(false)
    expect(await rig.refusal(["status", "good"])).toMatchObject({ type: "TaskNotFound" })
    expect(await rig.data("list")).toMatchObject({
      total: 1,
      tasks: [{ id: "live", status: "running" }]
    })
    expect(await rig.task("start", { id: "good", command: "true" }, ["--wait"])).toMatchObject({
      attempt: 1
    })
  })
})

describe("doctor", () => {
  test("shows the state of each check, and what to do", async () => {
    await using rig = new Rig()
    await rig.data("list")
    const names = [
      "home",
      "disk",
      "socket",
      "store",
      "inheritance",
      "engine",
      "config",
      "watches",
      "clock",
      "processes",
      "agents"
    ]
    const { document } = await rig.call(["doctor"], { env: { PATH: "/usr/bin:/bin" } })
    expect(document).toMatchObject({
      data: {
        checks: names.map((name) => ({
          name,
          status: expect.stringMatching(/^(?:ok|warn)$/u),
          message: expect.any(String)
        }))
      }
    })
    writeFileSync(join(rig.home, "config.json"), '{"retentionDays":"soon"}')
    expect(await rig.data("doctor")).toMatchObject({ status: "warn" })
  })
})

describe("config", () => {
  test("is shown with the source of each value, set, and reset", async () => {
    await using rig = new Rig()
    const path = join(rig.home, "config.json")
    expect(await rig.data("config path")).toEqual({ path, exists: false })
    expect(await rig.data("config show")).toMatchObject({
      path,
      config: { retentionDays: 7 },
      sources: { retentionDays: "default" },
      problems: []
    })
    expect(await rig.data("config set", { key: "retentionDays", value: 3 })).toMatchObject({
      key: "retentionDays",
      config: { retentionDays: 3 },
      path
    })
    await rig.data("config set", { key: "queues.builds.concurrency", value: 2 })
    expect(await rig.data("config show")).toMatchObject({
      config: { retentionDays: 3, queues: { builds: { concurrency: 2 } } },
      sources: { retentionDays: "file", queues: "file", maxLive: "default" }
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      retentionDays: 3,
      queues: { builds: { concurrency: 2 } }
    })
    expect((await rig.call(["config", "reset", "retentionDays"])).document).toMatchObject({
      data: { config: { retentionDays: 7 } }
    })
    expect(await rig.data("config reset")).toMatchObject({ key: null, config: { queues: {} } })
    expect(await rig.data("config path")).toEqual({ path, exists: true })
  })

  test("rejects unknown keys and wrong values, and does not change the file", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "retentionDays", value: 3 })
    const before = readFileSync(join(rig.home, "config.json"), "utf8")
    for (const [payload, path] of [
      [{ key: "retentionDay", value: 1 }, "key"],
      [{ key: "retentionDays", value: "soon" }, "value"],
      [{ key: "retentionDays", value: -1 }, "value"],
      [{ key: "maxLive", value: 0 }, "value"],
      [{ key: "queues.builds", value: 2 }, "value"],
      [{ key: "queues.builds.concurrency", value: 0 }, "value"],
      [{ key: "retentionDays.x", value: 1 }, "value"],
      [{ key: "__proto__.x", value: 1 }, "key"]
    ] as const) {
      expect(await rig.refusal(["config", "set", JSON.stringify(payload)])).toMatchObject({
        command: "config set",
        type: "CommandInputError",
        details: { path }
      })
    }
    expect(await rig.refusal(["config", "reset", "nonsense"])).toMatchObject({
      type: "CommandInputError"
    })
    expect(readFileSync(join(rig.home, "config.json"), "utf8")).toBe(before)
  })

  test("reports one invalid value in its file and uses the others", async () => {
    await using rig = new Rig()
    await rig.data("config show")
    writeFileSync(
      join(rig.home, "config.json"),
      '{"retentionDays":"soon","maxDepth":3,"colour":"red"}'
    )
    const { problems, ...shown } = await rig.data("config show")
    expect(shown).toMatchObject({
      config: { retentionDays: 7, maxDepth: 3 },
      sources: { maxDepth: "file", retentionDays: "default" }
    })
    expect(Array.isArray(problems) ? problems.map(({ key }) => key) : problems).toEqual([
      "retentionDays",
      "colour"
    ])
    writeFileSync(join(rig.home, "config.json"), "{ no json")
    expect(await rig.data("config show")).toMatchObject({
      config: { retentionDays: 7 },
      problems: [{ key: "" }]
    })
    expect(await rig.refusal(["config", "set", '{"key":"maxDepth","value":3}'])).toMatchObject({
      type: "ConfigInvalid"
    })
    expect(await rig.task("start", { command: "true" }, ["--wait"])).toMatchObject({
      status: "completed"
    })
  })
})

describe("the engine", () => {
  test("is started by a call that needs it, not by engine status, and stopped on request while tasks continue", async () => {
    await using rig = new Rig()
    const none = {
      running: false,
      home: rig.home,
      version: null,
      pid: null,
      startedAt: null,
      tasks: null,
      rssBytes: null
    }
    expect(await rig.data("engine status")).toEqual(none)
    expect(await rig.data("engine stop")).toEqual({ stopped: false, pid: null, liveTasks: 0 })
    expect(existsSync(rig.home)).toBe(false)
    const { pid: taskPid } = await rig.task("start", { id: "x", command: "cat", stdin: "open" })
    const status = await rig.data("engine status")
    expect(status).toMatchObject({
      running: true,
      home: rig.home,
      tasks: { running: 1, completed: 0 }
    })
    const pid = Number(status["pid"])
    expect(await rig.data("engine stop")).toEqual({ stopped: true, pid, liveTasks: 1 })
    expect(await rig.data("engine status")).toEqual(none)
    expect(isAlive(Number(taskPid))).toBe(true)
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "running",
      pid: taskPid,
      attempt: 1
    })
    expect(await rig.enginePid()).not.toBe(pid)
    await rig.data("send", { id: "x", eof: true })
    expect(await rig.task("wait", { id: "x" })).toMatchObject({ status: "completed" })
  })

  test("exits by itself when it is idle", async () => {
    await using rig = new Rig()
    const env = { BACKBEAT_IDLE_EXIT_MS: "150" }
    await rig.call(["start", '{"id":"x","command":"cat","stdin":"open"}'], { env })
    const pid = await rig.enginePid()
    const { promise, resolve } = Promise.withResolvers<void>()
    const watcher = watch(
      rig.home,
      (_, name) => name === "engine.sock" && !existsSync(join(rig.home, "engine.sock")) && resolve()
    )
    await rig.data("send", { id: "x", eof: true })
    await promise
    watcher.close()
    expect(pid).not.toBeNull()
    expect(await rig.enginePid()).toBeNull()
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "completed" })
  })
})
