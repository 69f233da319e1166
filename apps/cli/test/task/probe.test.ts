/** Readiness and health, asked of real servers. */
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const timing = { intervalMs: 50, timeoutMs: 1000, startupTimeoutMs: 20_000 }

/** A port that was free a moment ago. */
const freePort = (): number => {
  const server = Bun.serve({ port: 0, fetch: () => new Response() })
  const { port } = server
  void server.stop(true)
  return port ?? 0
}

/** A server that answers with the status in a file, and listens when it is told to. */
const serverAt = (port: number) => ({
  command: process.execPath,
  args: [
    "-e",
    `process.stdin.once("data", () => {
      Bun.serve({ port: ${port}, hostname: "127.0.0.1", fetch: async () => new Response("", { status: Number(await Bun.file("status").text()) }) })
      console.log("listens")
    })
    console.log("up")`
  ],
  stdin: "open"
})

describe("a task with a probe", () => {
  for (const [kind, probeAt] of [
    ["http", (port: number) => ({ http: `http://127.0.0.1:${port}/health` })],
    ["tcp", (port: number) => ({ tcp: { port } })],
    ["log", () => ({ log: "^listens$" })],
    [
      "command",
      (port: number) => ({
        command: `echo >/dev/null; exec 3<>/dev/null; bash -c '</dev/tcp/127.0.0.1/${port}' 2>/dev/null`
      })
    ]
  ] as const) {
    test(`is ready when its ${kind} probe succeeds, and starting before`, async () => {
      await using rig = new Rig()
      writeFileSync(join(rig.scratch, "status"), "200")
      const port = freePort()
      await rig.task("start", {
        id: "x",
        ...serverAt(port),
        readyWhen: { ...probeAt(port), ...timing }
      })
      await rig.data("wait", { id: "x", for: { log: "up" } })
      expect(await rig.task("status", { id: "x" })).toMatchObject({
        status: "running",
        health: "starting"
      })
      expect(await rig.data("why", { id: "x" })).toMatchObject({
        status: "running",
        next: "It is ready when its probe succeeds."
      })
      const ready = rig.task("wait", { id: "x", for: "ready" })
      await rig.data("send", { id: "x", text: "go\n" })
      expect(await ready).toMatchObject({ status: "running", health: "ready" })
      expect(await rig.data("events", { id: "x", types: ["task.ready"] })).toMatchObject({
        events: [{ type: "task.ready" }]
      })
    })
  }

  test("fails with NotReady when the probe does not succeed in time", async () => {
    await using rig = new Rig()
    const quick = { intervalMs: 50, startupTimeoutMs: 300 }
    const port = freePort()
    const probes = {
      http: [{ http: `http://127.0.0.1:${port}/` }, `http http://127.0.0.1:${port}/`],
      tcp: [{ tcp: { port } }, `tcp localhost:${port}`],
      log: [{ log: "never" }, "log line matching never"],
      command: [{ command: "exit 3" }, "command exit 3"]
    } as const
    const ids = ["http", "tcp", "log", "command"] as const
    await rig.data(
      "start",
      ids.map((id) => ({ id, script: "sleep 60", readyWhen: { ...probes[id][0], ...quick } }))
    )
    await rig.data("wait", { ids })
    for (const id of ids) {
      expect(await rig.task("status", { id })).toMatchObject({
        status: "failed",
        failure: { type: "NotReady", probe: probes[id][1], output: expect.stringMatching(/./u) }
      })
    }
    expect(await rig.task("status", { id: "command" })).toMatchObject({
      failure: { output: "exit 3" }
    })
  })

  test("expects the configured status", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "status"), "404")
    const port = freePort()
    await rig.task("start", {
      id: "x",
      ...serverAt(port),
      readyWhen: { http: `http://127.0.0.1:${port}/`, expectStatus: 404, ...timing }
    })
    await rig.data("send", { id: "x", text: "go\n" })
    expect(await rig.task("wait", { id: "x", for: "ready" })).toMatchObject({ health: "ready" })
  })

  test("becomes unhealthy, and ready again, while it runs", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "status"), "200")
    const port = freePort()
    await rig.task("start", {
      id: "x",
      ...serverAt(port),
      healthProbe: { http: `http://127.0.0.1:${port}/`, ...timing, failureThreshold: 2 }
    })
    await rig.data("send", { id: "x", text: "go\n" })
    await rig.data("wait", { id: "x", for: "ready" })
    const frames = rig.spawn([
      "events",
      '{"id":"x","types":["task.ready","task.unhealthy"],"follow":true}',
      "--stream"
    ])
    const seen = (async () => {
      let text = ""
      const decoder = new TextDecoder()
      for await (const chunk of frames.stdout) {
        text += decoder.decode(chunk)
        const types = [...text.matchAll(/"type":"(task\.(?:ready|unhealthy))"/gu)].map(
          ([, type]) => type
        )
        if (types.length === 1) writeFileSync(join(rig.scratch, "status"), "500")
        if (types.length === 2) writeFileSync(join(rig.scratch, "status"), "200")
        if (types.length === 3) return types
      }
      return []
    })()
    expect(await seen).toEqual(["task.ready", "task.unhealthy", "task.ready"])
    frames.kill()
    await frames.exited
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "running",
      health: "ready",
      attempt: 1
    })
    const { events } = await rig.data("events", { id: "x", types: ["task.unhealthy"] })
    expect(events).toMatchObject([{ data: { output: "status 500" } }])
  })

  test("is probed at once when it starts, and soon again, however long its interval is", async () => {
    await using rig = new Rig()
    const readyWhen = {
      command: "echo >>asked; [ $(wc -l <asked) -ge 4 ]",
      intervalMs: 60_000,
      startupTimeoutMs: 20_000
    }
    await rig.task("start", { id: "x", script: "sleep 60", readyWhen })
    expect(await rig.task("wait", { id: "x", for: "ready" })).toMatchObject({ health: "ready" })
  })

  test("finds a server on either address of localhost, like wait for a port", async () => {
    await using rig = new Rig()
    const hosts = readFileSync("/proc/net/if_inet6", "utf8").includes(
      "00000000000000000000000000000001"
    )
      ? ["127.0.0.1", "::1"]
      : ["127.0.0.1"]
    for (const hostname of hosts) {
      const port = freePort()
      const id = `on-${hosts.indexOf(hostname)}`
      const script = `Bun.serve({ port: ${port}, hostname: "${hostname}", fetch: () => new Response() })`
      await rig.task("start", {
        id,
        command: process.execPath,
        args: ["-e", script],
        readyWhen: { tcp: { port }, ...timing }
      })
      expect(await rig.task("wait", { id, for: "ready" })).toMatchObject({ health: "ready" })
      expect(await rig.data("wait", { id, for: { port } })).toMatchObject({
        task: { status: "running" }
      })
    }
  })

  test("is not ready by a pattern that is too slow for its output, and reports that", async () => {
    await using rig = new Rig()
    const readyWhen = { log: "(a+)+$", startupTimeoutMs: 2500 }
    const task = await rig.task(
      "start",
      { script: `echo ${"a".repeat(60)}!; sleep 60`, readyWhen },
      ["--wait"]
    )
    expect(task).toMatchObject({
      status: "failed",
      failure: { type: "NotReady", output: expect.stringContaining("is too slow") }
    })
  })

  test("is not ready by the answers of another program on its port, which start, wait and why name", async () => {
    await using rig = new Rig()
    const port = freePort()
    const other = Bun.spawn(
      [
        process.execPath,
        "-e",
        `Bun.serve({ port: ${port}, hostname: "127.0.0.1", fetch: () => new Response() }); console.log("up")`
      ],
      { stdout: "pipe" }
    )
    await other.stdout.getReader().read()
    const script = `const serve = () => Bun.serve({ port: ${port}, hostname: "127.0.0.1", reusePort: false, fetch: () => new Response() })`
    const readyWhen = { http: `http://127.0.0.1:${port}/`, ...timing }
    const failing = await rig.data("start", {
      id: "failing",
      command: process.execPath,
      args: ["-e", `${script}; await Bun.sleep(200); serve()`],
      readyWhen
    })
    const wasHeld = `port ${port} was held by process ${other.pid} `
    expect(failing["warnings"]).toEqual([
      expect.stringContaining(`port ${port} is in use by process ${other.pid} `)
    ])
    const refused = await rig.refusal(["wait", JSON.stringify({ id: "failing", for: "ready" })])
    expect(refused).toMatchObject({
      type: "IllegalTransition",
      details: {
        status: "failed",
        lastLines: expect.arrayContaining([expect.stringContaining("in use")]),
        warnings: [expect.stringContaining(wasHeld)]
      }
    })
    const { because } = await rig.data("why", { id: "failing" })
    expect(because).toContainEqual(
      expect.objectContaining({ what: expect.stringContaining(wasHeld) })
    )
    const patient = `${script}; for (;;) { try { serve(); break } catch { console.log("waits"); await Bun.sleep(20) } }`
    await rig.data("start", {
      id: "patient",
      command: process.execPath,
      args: ["-e", patient],
      readyWhen
    })
    await rig.data("wait", { id: "patient", for: { log: "waits" } })
    expect(await rig.task("status", { id: "patient" })).toMatchObject({ health: "starting" })
    expect(
      await rig.refusal(["wait", '{"id":"patient","for":"ready","timeout":50}'])
    ).toMatchObject({
      type: "TaskWaitTimedOut",
      details: { health: "starting", warnings: [expect.stringContaining(wasHeld)] }
    })
    expect((await rig.data("why", { id: "patient" }))["because"]).toContainEqual(
      expect.objectContaining({ what: expect.stringContaining(wasHeld) })
    )
    other.kill("SIGKILL")
    await other.exited
    expect(await rig.task("wait", { id: "patient", for: "ready" })).toMatchObject({
      health: "ready"
    })
    expect(JSON.stringify(await rig.data("why", { id: "patient" }))).not.toContain("was held")
  })
})
