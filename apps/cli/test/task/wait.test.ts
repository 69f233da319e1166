/** Waiting for what becomes of tasks. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

describe("wait", () => {
  test("for the end returns the task, and its last lines if it failed", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "bad", script: "echo out; echo err >&2; exit 3" })
    expect(await rig.data("wait", { id: "bad" })).toEqual({
      task: expect.objectContaining({
        id: "bad",
        status: "failed",
        exitCode: 3,
        failure: { type: "ExitedNonZero", exitCode: 3 }
      }),
      lastLines: ["out", "err"],
      cursor: expect.stringMatching(/^\d+$/u)
    })
    await rig.data("start", { id: "quiet", script: "seq 30; exit 3" })
    expect(await rig.data("wait", { id: "quiet" })).toMatchObject({
      lastLines: ["26", "27", "28", "29", "30"]
    })
    await rig.data("start", { id: "good", script: "echo out" })
    expect(await rig.data("wait", { id: "good" })).toEqual({
      task: expect.objectContaining({ status: "completed" }),
      cursor: expect.any(String)
    })
    expect(await rig.refusal(["wait", "none"])).toMatchObject({ type: "TaskNotFound" })
  })

  test("as a flag returns the last lines too, so that no second call is needed", async () => {
    await using rig = new Rig()
    const failing = { script: "echo out; echo err >&2; exit 3" }
    const lastLines = ["out", "err"]
    const told = { task: { status: "failed" }, lastLines }
    expect(await rig.data("start", { id: "bad", ...failing }, ["--wait"])).toMatchObject(told)
    for (const operation of ["restart", "retry"])
      expect(await rig.data(operation, { id: "bad" }, ["--wait"])).toMatchObject(told)
    expect(
      await rig.data("start", { id: "good", script: "echo out" }, ["--wait"])
    ).not.toHaveProperty("lastLines")
    const batch = await rig.call([
      "start",
      JSON.stringify([
        { id: "b", ...failing, full: true },
        { command: "true", full: true }
      ]),
      "--wait"
    ])
    expect(batch.document).toMatchObject({
      data: { results: [{ data: told }, { data: { task: { status: "completed" } } }] }
    })
    const steps = [{ script: "echo fine" }, failing, { command: "true" }]
    expect(await rig.data("pipeline create", { id: "p", steps }, ["--wait"])).toMatchObject({
      pipeline: { status: "failed" },
      lastLines
    })
    expect(await rig.data("pipeline create", { id: "q", steps })).not.toHaveProperty("lastLines")
  })

  test("for the start, for being ready, for a line and for a port", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "later", delayMs: 150, command: "cat", stdin: "open" })
    expect(await rig.task("wait", { id: "later", for: "start" })).toMatchObject({
      status: "running"
    })
    expect(await rig.task("wait", { id: "later", for: "ready" })).toMatchObject({
      status: "running",
      health: null
    })
    const listening = rig.task("wait", { id: "later", for: { log: "^go+al$" } })
    await rig.data("send", { id: "later", text: "no goal here\ngooooal\n" })
    expect(await listening).toMatchObject({ id: "later", status: "running" })
    expect(await rig.task("wait", { id: "later", for: { log: "here" } })).toMatchObject({
      id: "later"
    })

    const program = `
      process.stdin.once("data", () => {
        const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") })
        console.log("port", server.port)
      })
      console.log("up")`
    await rig.data("start", {
      id: "server",
      command: process.execPath,
      args: ["-e", program],
      stdin: "open"
    })
    await rig.data("wait", { id: "server", for: { log: "up" } })
    await rig.data("send", { id: "server", text: "go\n" })
    await rig.data("wait", { id: "server", for: { log: "port" } })
    const { lines } = await rig.data("logs", { id: "server", grep: "port" })
    const port = Number(linesOf(lines)[0]?.split(" ")[1])
    expect(await rig.task("wait", { id: "server", for: { port } })).toMatchObject({
      id: "server",
      status: "running"
    })
  })

  test("for something that can no longer happen is rejected", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo only this" }, ["--wait"])
    for (const what of ["ready", { log: "something else" }, { port: 1 }]) {
      expect(await rig.refusal(["wait", JSON.stringify({ id: "x", for: what })])).toMatchObject({
        type: "IllegalTransition",
        message: expect.stringMatching(/^task x completed before /u),
        details: { id: "x", status: "completed", retryable: false }
      })
    }
    expect(await rig.task("wait", { id: "x", for: "start" })).toMatchObject({ status: "completed" })
    expect(await rig.refusal(["wait", '{"id":"x","for":{"log":"("}}'])).toMatchObject({
      type: "CommandInputError"
    })
  })

  test("for several tasks returns with the last or the first one, by ids or tag", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      ["a", "b", "c"].map((id) => ({ id, command: "cat", stdin: "open", tags: ["t"] }))
    )
    const any = rig.data("wait", { ids: ["a", "b", "c"], mode: "any" })
    const all = rig.data("wait", { tag: "t" })
    await rig.data("send", { id: "b", eof: true })
    expect(await any).toMatchObject({
      done: ["b"],
      pending: ["a", "c"],
      tasks: [{ id: "a" }, { id: "b", status: "completed" }, { id: "c" }]
    })
    await rig.data("send", { id: "a", eof: true })
    await rig.data("send", { id: "c", eof: true })
    expect(await all).toMatchObject({
      outcome: "succeeded",
      counts: { completed: 3 },
      tasks: [{ id: "c" }, { id: "b" }, { id: "a" }]
    })
    expect(await rig.refusal(["wait", '{"ids":["a","none"]}'])).toMatchObject({
      type: "TaskNotFound",
      details: { id: "none" }
    })
    expect(await rig.refusal(["wait", '{"id":"a","tag":"t"}'])).toMatchObject({
      type: "CommandInputError"
    })
  })

  test("for no task is rejected, because it would look like finished work", async () => {
    await using rig = new Rig()
    expect(await rig.refusal(["wait", '{"tag":"nightly"}'])).toMatchObject({
      type: "TaskNotFound",
      details: { hint: expect.stringMatching(/^Run list/u) }
    })
    await rig.data("start", { id: "a", command: "true", tags: ["nightly", "ci"] })
    expect(await rig.refusal(["wait", '{"tag":"nigthly"}'])).toMatchObject({
      type: "TaskNotFound",
      message: "no task has the tag nigthly",
      details: {
        tag: "nigthly",
        nearest: "nightly",
        hint: "Did you mean nightly?",
        retryable: false
      }
    })
    expect(await rig.refusal(["wait", '{"tag":"other"}'])).toMatchObject({
      details: { nearest: null, hint: expect.stringMatching(/^Tags of the newest tasks: .*ci/u) }
    })
    expect(await rig.refusal(["wait", '{"ids":[]}'])).toMatchObject({
      type: "CommandInputError",
      message: "ids: must not be empty"
    })
  })

  test("by a tag includes all its tasks, however many there are", async () => {
    await using rig = new Rig()
    const delayed = Array.from({ length: 600 }, (_, index) => ({
      id: `n${index}`,
      command: "true",
      tags: ["t"],
      delayMs: 600_000
    }))
    await rig.call(["start", "-"], { stdin: JSON.stringify(delayed) })
    const { type, details } = await rig.refusal(["wait", '{"tag":"t","timeout":1}'])
    expect([type, linesOf(details["ids"]).length]).toEqual(["TaskWaitTimedOut", 600])
  })

  test("that times out returns a cursor, and the task continues", async () => {
    await using rig = new Rig()
    const { pid } = await rig.task("start", { id: "x", script: "sleep 60" })
    for (const args of [
      ["wait", '{"id":"x","timeout":80}'],
      ["wait", "x", "--timeout", "0.08"]
    ]) {
      expect(await rig.refusal(args)).toMatchObject({
        command: "wait",
        type: "TaskWaitTimedOut",
        message: "wait timed out after 80 ms: x",
        details: {
          ids: ["x"],
          timeoutMs: 80,
          status: "running",
          cursor: expect.stringMatching(/^\d+$/u),
          hint: expect.any(String),
          retryable: true
        }
      })
    }
    expect(
      await rig.refusal(["start", '{"id":"y","script":"sleep 60"}', "--wait", "--timeout", "0.05"])
    ).toMatchObject({
      command: "start",
      type: "TaskWaitTimedOut",
      details: { ids: ["y"] }
    })
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "running", pid })
    expect(await rig.task("status", { id: "y" })).toMatchObject({ status: "running" })
  })

  test("that times out suggests the same wait", async () => {
    await using rig = new Rig()
    const asked = rig.call([
      "start",
      '{"id":"web","script":"sleep 60","readyWhen":{"log":"listening"}}',
      "--wait",
      "--timeout",
      "0.05"
    ])
    expect((await asked).document).toMatchObject({
      error: { try: { operation: "wait", payload: { id: "web", for: "ready" } } }
    })
    const late = (await rig.call(["wait", '{"id":"web","for":{"log":"never"},"timeout":50}']))
      .document
    expect(late).toMatchObject({
      error: { try: { operation: "wait", payload: { id: "web", for: { log: "never" } } } }
    })
    // The place in the history is no cursor that `since` takes.
    expect(late).not.toHaveProperty("error.details.cursor")
    await rig.task("start", { id: "cat", command: "cat", stdin: "open" })
    const sent = await rig.call([
      "send",
      '{"id":"cat","text":"a","until":"b$"}',
      "--timeout",
      "0.3"
    ])
    expect(sent.document).toMatchObject({
      error: {
        try: {
          operation: "wait",
          payload: { id: "cat", for: { log: "b$" }, since: expect.any(String) }
        }
      }
    })
  })

  test("for the start of a task that never starts fails", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      [
        { id: "u", command: "false" },
        { id: "v", command: "true", dependsOn: ["u"] },
        { id: "w", command: "/nonexistent" }
      ],
      ["--wait"]
    )
    for (const id of ["v", "w"])
      expect((await rig.refusal(["wait", JSON.stringify({ id, for: "start" })])).message).toContain(
        "before it started"
      )
    expect((await rig.refusal(["wait", '{"ids":["u","v"],"for":"start"}'])).type).toBe(
      "IllegalTransition"
    )
    expect(await rig.task("wait", { id: "u", for: "start" })).toMatchObject({ status: "failed" })
  })

  test("does not affect the task when it is killed", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "cat", stdin: "open" })
    for (const args of [
      ["wait", "x"],
      ["start", '{"id":"y","command":"cat","stdin":"open"}', "--wait"]
    ]) {
      const waiting = rig.spawn(args)
      await rig.data("wait", { ids: ["x"], for: "start" })
      while (
        (await rig.data("list", { ids: [args[0] === "wait" ? "x" : "y"], status: "running" }))[
          "total"
        ] !== 1
      );
      waiting.kill("SIGKILL")
      await waiting.exited
    }
    for (const id of ["x", "y"]) {
      const { pid, status } = await rig.task("status", { id })
      expect([status, isAlive(Number(pid))]).toEqual(["running", true])
      await rig.data("send", { id, eof: true })
      expect(await rig.task("wait", { id })).toMatchObject({ status: "completed", attempt: 1 })
    }
  })
})

const linesOf = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.map(String) : []
