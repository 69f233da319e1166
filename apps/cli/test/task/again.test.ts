/** Starting, restarting and naming a task that is there already. */
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { prompted } from "../agent/prompted.ts"
import { post } from "../post.ts"
import { Rig } from "../Rig.ts"

describe("a start of a running id", () => {
  test("is rejected, returns the task, or restarts it, as ifRunning says", async () => {
    await using rig = new Rig()
    const first = await rig.task("start", { id: "x", script: "sleep 60", tags: ["one"] })
    expect(await rig.refusal(["start", '{"id":"x","command":"true"}'])).toMatchObject({
      command: "start",
      type: "TaskAlreadyRunning",
      message: "task x is running",
      details: {
        id: "x",
        status: "running",
        differs: expect.arrayContaining(["command"]),
        hint: expect.stringContaining('"ifRunning"'),
        retryable: false
      }
    })
    expect(
      (await rig.refusal(["start", '{"id":"x","script":"sleep 60","tags":["one"]}'])).details
    ).not.toHaveProperty("differs")
    const same = await rig.task("start", { id: "x", command: "true", ifRunning: "return" })
    expect(same).toMatchObject({
      script: "sleep 60",
      tags: ["one"],
      attempt: 1,
      pid: first["pid"],
      status: "running"
    })
    const other = await rig.task(
      "start",
      { id: "x", command: "echo", args: ["two"], tags: ["two"], ifRunning: "restart" },
      ["--wait"]
    )
    expect(other).toMatchObject({
      kind: "command",
      script: null,
      args: ["two"],
      tags: ["two"],
      attempt: 2,
      restartCount: 1,
      status: "completed"
    })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["two"] })
  })

  test("returns when the next attempt runs, like restart, also in an array and after a grace period", async () => {
    await using rig = new Rig()
    const stubborn = {
      script: "trap '' TERM; echo up; while :; do sleep 0.01; done",
      gracePeriodMs: 100
    }
    for (const id of ["x", "y"]) {
      await rig.data("start", { id, ...stubborn })
      await rig.data("wait", { id, for: { log: "up" } })
    }
    const anew = { command: "sleep", args: ["60"], ifRunning: "restart" }
    const second = await rig.task("start", { id: "x", ...anew })
    expect(second).toMatchObject({ status: "running", attempt: 2, args: ["60"], restartCount: 1 })
    expect(await rig.task("status", { id: "x" })).toMatchObject({ pid: second["pid"], attempt: 2 })
    const { results } = await rig.data("start", [
      { id: "y", ...anew },
      { id: "z", ...anew },
      { id: "x", ...anew, delayMs: 600_000 }
    ])
    expect(results).toMatchObject([
      { data: { task: { id: "y", status: "running", attempt: 2 } } },
      { data: { task: { id: "z", status: "running", attempt: 1 } } },
      { data: { task: { id: "x", status: "queued", attempt: 3 } } }
    ])
  })

  test("is rejected while the task waits or is being stopped, with what to do", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "slow", script: "trap '' TERM; echo up; while :; do sleep 0.01; done" },
      { id: "queued", script: "echo old", delayMs: 600_000 },
      { id: "blocked", script: "echo old", dependsOn: ["slow"] }
    ])
    await rig.data("wait", { id: "slow", for: { log: "up" } })
    const stopping = rig.call(["stop", "slow"])
    while ((await rig.task("status", { id: "slow" }))["status"] !== "stopping");
    for (const id of ["queued", "blocked", "slow"]) {
      const status = id === "slow" ? "stopping" : id
      const again = { id, script: "echo new", ifRunning: "restart" }
      const refused = await rig.refusal(["start", JSON.stringify(again)])
      expect(refused).toMatchObject({
        type: "IllegalTransition",
        message: `task ${id} is ${status}; ifRunning "restart" requires a running or retrying task`,
        details: { path: "ifRunning", from: status },
        try:
          id === "slow"
            ? { operation: "wait", payload: { id } }
            : { operation: "start", payload: { ...again, ifRunning: "return" } }
      })
    }
    expect(await rig.task("status", { id: "queued" })).toMatchObject({ script: "echo old" })
    await rig.data("stop", { id: "slow", force: true })
    await stopping
  })

  test("returns one and the same task to many callers at once", async () => {
    await using rig = new Rig()
    const payload = JSON.stringify({
      id: "x",
      script: "echo ran; sleep 60",
      ifRunning: "return",
      full: true
    })
    const answers = await Promise.all(Array.from({ length: 8 }, () => rig.call(["start", payload])))
    for (const { document } of answers)
      expect(document).toMatchObject({
        ok: true,
        data: { task: { id: "x", attempt: 1, restartCount: 0 } }
      })
    expect(
      await rig.data("events", { id: "x", types: ["task.created", "task.started"] })
    ).toMatchObject({
      events: [{ type: "task.created" }, { type: "task.started" }]
    })
  })
})

describe("a start of an ended id", () => {
  test("is another attempt with the payload given now", async () => {
    await using rig = new Rig()
    await rig.task(
      "start",
      { id: "x", script: "echo one; exit 1", tags: ["a"], env: { OLD: "1" }, name: "first" },
      ["--wait"]
    )
    const again = await rig.task(
      "start",
      { id: "x", command: "echo", args: ["two"], env: { FRESH: "1" } },
      ["--wait"]
    )
    expect(again).toMatchObject({
      command: "echo",
      script: null,
      name: null,
      tags: [],
      envKeys: ["FRESH"],
      attempt: 2,
      restartCount: 1,
      status: "completed",
      failure: null,
      exitCode: 0
    })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["two"] })
    expect(await rig.data("logs", { id: "x", attempt: 1 })).toMatchObject({ lines: ["one"] })
    expect(await rig.data("list")).toMatchObject({ total: 1 })
  })
})

describe("restart", () => {
  test("of a running task stops it first, and returns when the next attempt runs", async () => {
    await using rig = new Rig()
    const first = await rig.task("start", { id: "x", script: "echo up; sleep 60" })
    const second = await rig.task("restart", { id: "x", reason: "because" })
    expect(second).toMatchObject({ status: "running", attempt: 2, restartCount: 1 })
    expect(second["pid"]).not.toBe(first["pid"])
    const { events } = await rig.data("events", {
      id: "x",
      types: ["task.stopping", "task.cancelled"]
    })
    expect(events).toMatchObject([
      { type: "task.stopping", data: { intent: { kind: "restart" }, reason: "because" } }
    ])
  })

  test("of an ended task runs it again, with --wait to its end", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", script: "exit $BACKBEAT_ATTEMPT" }, ["--wait"])
    expect(await rig.task("restart", { id: "x" }, ["--wait"])).toMatchObject({
      attempt: 2,
      exitCode: 2,
      restartCount: 1
    })
    expect(await rig.task("restart", { id: "x" }, ["--wait"])).toMatchObject({
      attempt: 3,
      exitCode: 3,
      restartCount: 2
    })
    expect(await rig.refusal(["restart", "none"])).toMatchObject({
      type: "TaskNotFound",
      details: { id: "none" }
    })
  })

  test("of a task that waits for its start time is rejected, and starts nothing", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", script: "echo ran", delayMs: 600_000 })
    const called = await rig.call(["restart", "x"])
    const { events } = await rig.data("events", { id: "x", types: ["task.started"] })
    expect([called.document["ok"], events]).toEqual([false, []])
    expect(called.document).toMatchObject({
      error: { type: "IllegalTransition", details: { id: "x" } }
    })
  })
})

describe("a task that starts later", () => {
  test("waits for its delay or instant, and shows until when", async () => {
    await using rig = new Rig()
    const before = Date.now()
    const later = await rig.task("start", { id: "later", script: "date +%s%3N", delayMs: 300 })
    expect(later).toMatchObject({ status: "queued", attempt: 1, pid: null, startedAt: null })
    const due = Date.parse(String(later["notBefore"]))
    expect(due).toBeGreaterThanOrEqual(before + 300)
    expect(await rig.data("why", { id: "later" })).toMatchObject({
      status: "queued",
      because: [
        { what: expect.stringContaining("may not start before"), until: later["notBefore"] }
      ],
      next: `It starts at ${String(later["notBefore"])}.`
    })
    const { startedAt } = await rig.task("wait", { id: "later" })
    expect(Date.parse(String(startedAt)) - due).toBeWithin(0, 250)
    const at = new Date(Date.now() + 200).toISOString()
    const timed = await rig.task("start", { id: "timed", command: "true", notBefore: at }, [
      "--wait"
    ])
    expect(timed).toMatchObject({ status: "completed" })
    expect(Date.parse(String(timed["startedAt"])) - Date.parse(at)).toBeWithin(0, 250)
  })

  test("starts at once if its instant has passed, and accepts only one way to set it", async () => {
    await using rig = new Rig()
    expect(
      await rig.task("start", { command: "true", notBefore: "2020-01-01T00:00:00Z" }, ["--wait"])
    ).toMatchObject({ status: "completed" })
    for (const wrong of [
      { notBefore: "tomorrow" },
      { notBefore: "2026-02-30T00:00:00Z" },
      { delayMs: -1 },
      { delayMs: 1, notBefore: "2030-01-01T00:00:00Z" }
    ]) {
      expect(
        await rig.refusal(["start", JSON.stringify({ command: "true", ...wrong })])
      ).toMatchObject({ type: "CommandInputError" })
    }
  })
})

describe("ifEnded", () => {
  test("returns the ended task, and the fields in which the payload differs", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo one", env: { A: "1" } }, ["--wait"])
    const same = await rig.data("start", {
      id: "x",
      script: "echo one",
      env: { A: "1" },
      ifEnded: "return"
    })
    expect(same).toMatchObject({
      existing: true,
      alreadyEnded: true,
      task: { status: "completed", attempt: 1 }
    })
    expect(same).not.toHaveProperty("differs")
    const other = await rig.data("start", {
      id: "x",
      script: "echo two",
      env: { A: "2" },
      ifEnded: "return"
    })
    expect(other).toMatchObject({
      existing: true,
      differs: ["script", "env"],
      task: { attempt: 1 }
    })
    const again = await rig.data("start", { id: "x", script: "echo two" }, ["--wait"])
    expect(again).toMatchObject({ task: { attempt: 2 } })
    expect(again).not.toHaveProperty("existing", true)
  })

  test("does the same for a running task, and for a repeated call", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "cat", stdin: "open" })
    const found = { existing: true, differs: ["script", "stdin"], task: { status: "running" } }
    for (const name of ["r", "r again"]) {
      expect(
        await post(rig, "start", { id: "x", script: "true", ifRunning: "return" }, name)
      ).toMatchObject(found)
    }
  })

  test("rejects an ended id if requested, and suggests the start that runs it again", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "true" }, ["--wait"])
    const { type, details } = await rig.refusal([
      "start",
      '{"id":"x","command":"true","ifEnded":"error"}'
    ])
    expect([type, details["from"]]).toEqual(["IllegalTransition", "completed"])
  })

  test("protects a task or pipeline from a restart by another session", async () => {
    await using rig = new Rig()
    const as = (session: string, cwd: string, args: ReadonlyArray<string>) =>
      rig.call(args, { env: { CODEX_SESSION_ID: session }, cwd })
    await as("one", "/", ["start", '{"id":"x","command":"true"}', "--wait"])
    const steps = '{"id":"p","steps":[{"command":"false"}]}'
    await as("one", "/", ["pipeline", "create", steps, "--wait"])
    for (const id of ["x", "p"]) {
      expect((await as("two", "/tmp", ["restart", id])).document).toMatchObject({
        error: {
          type: "IllegalTransition",
          try: { operation: "restart", payload: { id, ifEnded: "again" } }
        }
      })
      const over = JSON.stringify({ id, ifEnded: "again" })
      expect((await as("two", "/tmp", ["restart", over, "--wait"])).document).toMatchObject({
        ok: true
      })
      expect((await as("two", "/", ["restart", id, "--wait"])).document).toMatchObject(
        id === "x" ? { data: { task: { attempt: 3 } } } : { ok: true }
      )
    }
  })

  test("protects a task of another session in another folder until it is taken over explicitly", async () => {
    await using rig = new Rig()
    const start = (payload: object, session: string | undefined, cwd: string) =>
      rig.call(["start", JSON.stringify({ id: "x", command: "true", cwd, ...payload }), "--wait"], {
        env: session === undefined ? {} : { CODEX_SESSION_ID: session }
      })
    expect((await start({}, "one", "/")).exitCode).toBe(0)
    const refused = await start({}, "two", "/tmp")
    expect(refused.document).toMatchObject({
      error: {
        type: "IllegalTransition",
        try: {
          operation: "start",
          payload: { id: "x", command: "true", cwd: "/tmp", ifEnded: "again" }
        }
      }
    })
    expect((await start({}, "two", "/")).document).toMatchObject({ data: { task: { attempt: 2 } } })
    expect((await start({}, "two", "/tmp")).document).toMatchObject({
      data: { task: { attempt: 3 } }
    })
    expect((await start({}, undefined, "/")).exitCode).toBe(1)
    expect((await start({ ifEnded: "again" }, undefined, "/")).document).toMatchObject({
      data: { task: { attempt: 4 } }
    })
    // Callers without a session count as one.
    expect((await start({}, undefined, "/tmp")).document).toMatchObject({
      data: { task: { attempt: 5 } }
    })
  })
})

describe("an attempt", () => {
  test("is shown with its own script while a restart with another script waits for its end", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: "trap '' TERM; echo up; while :; do sleep 0.01; done",
      gracePeriodMs: 60_000
    })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    const next = rig.data("start", { id: "x", script: "echo two", ifRunning: "restart" })
    while ((await rig.task("status", { id: "x" }))["status"] !== "stopping");
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      attempt: 1,
      script: expect.stringContaining("trap")
    })
    expect(await rig.data("events", { id: "x", types: ["task.changed"] })).toMatchObject({
      events: [
        { data: { what: "echo two", changed: expect.arrayContaining(["script", "gracePeriodMs"]) } }
      ]
    })
    await rig.data("stop", { id: "x", force: true })
    await next
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "cancelled",
      attempt: 1,
      script: expect.stringContaining("trap")
    })
  })

  test("is shown with its exit code if the next one was cancelled before it started", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "exit 3" }, ["--wait"])
    expect(await rig.task("status", { id: "x" })).toMatchObject({ exitCode: 3, lastEnd: null })
    await rig.data("queue pause", { queue: "default" })
    await rig.data("restart", { id: "x" })
    expect(await rig.task("stop", { id: "x", full: false })).toEqual({
      id: "x",
      status: "cancelled",
      what: "exit 3",
      lastEnd: { attempt: 1, exitCode: 3 }
    })
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      attempt: 1,
      exitCode: null,
      lastEnd: { attempt: 1, exitCode: 3 }
    })
    await rig.data("queue resume", { queue: "default" })
    const again = await rig.task("restart", { id: "x" }, ["--wait"])
    expect(again).toMatchObject({ attempt: 2, exitCode: 3, lastEnd: null })
  })

  test("is shown with its agent's result if the next one was cancelled before it started", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await prompted(rig, agents, { id: "x", agent: "claude", prompt: "Do it." })
    await rig.data("queue pause", { queue: "agents" })
    await rig.data("restart", { id: "x" })
    await rig.data("stop", { id: "x" })
    expect(await rig.task("status", { id: "x", full: false })).toMatchObject({
      status: "cancelled",
      lastEnd: { attempt: 1, exitCode: 0, result: { text: "Everything is fine." } }
    })
  })

  test("is shown with its failure if the next one can never run because of a dependency", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "first", script: `test -e ${rig.scratch}/again && exit 1; exit 0` },
      { id: "x", script: "kill -9 $$", dependsOn: ["first"] }
    ])
    await rig.data("wait", { id: "x" })
    writeFileSync(join(rig.scratch, "again"), "")
    await rig.data("restart", ["first", "x"], ["--wait"])
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "cancelled",
      failure: { type: "DependencyFailed", taskId: "first" },
      lastEnd: { attempt: 1, failure: { type: "Signalled", signal: "SIGKILL" } }
    })
  })

  test("is shown with its own script if the next one was cancelled before it started", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo one" }, ["--wait"])
    await rig.data("start", { id: "x", script: "echo two", delayMs: 600_000 })
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "queued",
      attempt: 2,
      script: "echo two"
    })
    await rig.data("stop", { id: "x" })
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "cancelled",
      attempt: 1,
      script: "echo one"
    })
    expect(await rig.data("list", { ids: ["x"] })).toMatchObject({
      tasks: [{ status: "cancelled", script: "echo one" }]
    })
  })
})
