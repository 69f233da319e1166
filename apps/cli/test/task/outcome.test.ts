/** What answers about several tasks say: what was accepted, and how they ended. */
import { describe, expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const dataOf = (called: {
  readonly document: Readonly<Record<string, unknown>>
}): Readonly<Record<string, unknown>> => Object(called.document["data"])

describe("a batch with --wait", () => {
  test("reports how its tasks ended, lists the failed ones, and is still accepted", async () => {
    await using rig = new Rig()
    const payloads = Array.from({ length: 30 }, (_, index) => ({
      id: `n${index}`,
      script: index % 6 === 0 ? "echo one; echo two; echo three; echo four; exit 3" : "true"
    }))
    const called = await rig.call(["start", "-", "--wait"], { stdin: JSON.stringify(payloads) })
    expect(called.exitCode).toBe(0)
    expect(dataOf(called)).toEqual({
      outcome: "partial_failure",
      total: 30,
      successCount: 30,
      errorCount: 0,
      counts: { failed: 5, completed: 25 },
      failures: [0, 6, 12, 18, 24].map((index) => ({
        id: `n${index}`,
        exitCode: 3,
        lastLines: expect.arrayContaining(["four"])
      }))
    })
  })

  test("has the outcome failed when all failed, and lists at most twenty of them", async () => {
    await using rig = new Rig()
    const called = await rig.call([
      "start",
      JSON.stringify(Array.from({ length: 22 }, () => ({ script: "exit 1" }))),
      "--wait"
    ])
    const { outcome, counts, failures } = dataOf(called)
    expect([outcome, counts, Array.isArray(failures) && failures.length]).toEqual([
      "failed",
      { failed: 22 },
      20
    ])
  })

  test("shows only rejected and running results, and does not count a cancelled dependent as failed", async () => {
    await using rig = new Rig()
    const payloads = [
      { id: "bad", command: "true", script: "true" },
      { id: "long", command: "cat", stdin: "open" },
      { id: "fails", script: "exit 1" },
      { id: "after", command: "true", dependsOn: ["fails"] }
    ]
    const called = await rig.call(["start", JSON.stringify(payloads), "--wait", "--timeout", "2"])
    expect(called.exitCode).toBe(1)
    expect(dataOf(called)).toMatchObject({
      outcome: "failed",
      successCount: 3,
      errorCount: 1,
      counts: { running: 1, failed: 1, cancelled: 1 },
      failures: [{ id: "fails", exitCode: 1 }],
      results: [
        { index: 0, ok: false, error: { type: "CommandInputError" } },
        { index: 1, ok: true, id: "long", status: "running", timedOut: true }
      ]
    })
  })
})

describe("a batch", () => {
  test("shows id and status of each task, and every field with full", async () => {
    await using rig = new Rig()
    const called = await rig.call([
      "start",
      '[{"id":"a","command":"cat","stdin":"open"},{"id":"b","command":"cat","stdin":"open","full":true}]'
    ])
    expect(dataOf(called)).toMatchObject({
      outcome: "succeeded",
      results: [
        { index: 0, ok: true, id: "a", status: "running" },
        { index: 1, data: { task: { id: "b", cpuMs: null } } }
      ]
    })
    expect(dataOf(await rig.call(["stop", '["a","b","none"]']))).toMatchObject({
      outcome: "partial_failure",
      counts: { cancelled: 2 },
      results: [
        { id: "a", status: "cancelled" },
        { id: "b", status: "cancelled" },
        { ok: false, error: { type: "TaskNotFound" } }
      ]
    })
  })

  test("that is too large keeps its counts, and has its results in a file", async () => {
    await using rig = new Rig()
    const payloads = Array.from({ length: 500 }, (_, index) => ({
      id: `n${index}`,
      command: "true",
      delayMs: 600_000
    }))
    const called = await rig.call(["start", "-"], { stdin: JSON.stringify([...payloads, {}]) })
    const { artifact, ...shown } = dataOf(called)
    expect(shown).toMatchObject({
      outcome: "partial_failure",
      successCount: 500,
      errorCount: 1,
      kind: "summary+artifact",
      results: [{ index: 500, ok: false }]
    })
    expect(called.stdout.length).toBeLessThan(2000)
    const { results } = await Bun.file(String(Object(artifact).absolute_path)).json()
    expect(results).toHaveLength(501)
  })
})

describe("an answer that is too large", () => {
  test("is shown anyway if no file can be written, so that the started tasks are reported", async () => {
    await using rig = new Rig()
    await rig.data("list")
    rmSync(join(rig.home, "artifacts"), { recursive: true, force: true })
    writeFileSync(join(rig.home, "artifacts"), "")
    const payloads = Array.from({ length: 500 }, (_, index) => ({
      id: `n${index}`,
      command: "true",
      delayMs: 600_000
    }))
    const called = await rig.call(["start", "-"], { stdin: JSON.stringify(payloads) })
    expect(called.exitCode).toBe(0)
    const { results, successCount } = dataOf(called)
    expect([successCount, Array.isArray(results) && results.length]).toEqual([500, 500])
  })
})

describe("wait for several", () => {
  test("reports how they ended, also for a pipeline, without each task", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      [
        { id: "a", command: "true" },
        { id: "b", script: "echo boo; exit 2" }
      ],
      ["--wait"]
    )
    const told = {
      outcome: "partial_failure",
      counts: { completed: 1, failed: 1 },
      failures: [{ id: "b", exitCode: 2, lastLines: ["boo"] }]
    }
    expect(dataOf(await rig.call(["wait", '["a","b"]']))).toEqual(told)
    expect(dataOf(await rig.call(["wait", '{"ids":["a","b"],"mode":"any"}']))).toMatchObject({
      pending: expect.any(Array),
      done: expect.any(Array),
      cursor: expect.any(String)
    })
    expect(await rig.data("wait", { ids: ["a", "b"] })).toMatchObject({
      ...told,
      tasks: [{ id: "a" }, { id: "b", logs: {} }]
    })
    const pipeline = {
      tasks: [
        { key: "a", command: "true" },
        { key: "b", script: "echo boo; exit 2" },
        { key: "c", command: "true", dependsOn: ["b"] }
      ],
      id: "p"
    }
    const created = dataOf(
      await rig.call(["pipeline", "create", JSON.stringify(pipeline), "--wait"])
    )
    expect(created).toEqual({
      outcome: "partial_failure",
      counts: { completed: 1, failed: 1, cancelled: 1 },
      failures: [{ id: "p.b", exitCode: 2, lastLines: ["boo"] }],
      pipeline: { id: "p", status: "failed", durationMs: expect.any(Number) }
    })
    expect(dataOf(await rig.call(["wait", "p"]))).toEqual(created)
  })

  test("that times out reports the number of tasks in each status", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "a", command: "true" },
      { id: "b", script: "echo out; sleep 60" }
    ])
    await rig.data("wait", { id: "b", for: { log: "out" } })
    expect(await rig.refusal(["wait", '{"ids":["a","b"],"timeout":300}'])).toMatchObject({
      details: { counts: { completed: 1, running: 1 } }
    })
    expect(await rig.refusal(["wait", '{"id":"b","timeout":1}'])).toMatchObject({
      details: { status: "running", lastLines: ["out"] }
    })
  })
})

describe("status of several", () => {
  test("returns them in the requested order, and which do not exist", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, command: "true" })),
      ["--wait"]
    )
    const called = await rig.call(["status", '["b","none","a"]'])
    expect(called.exitCode).toBe(1)
    expect(dataOf(called)).toMatchObject({
      tasks: [{ id: "b", status: "completed" }, { id: "a" }],
      errors: [{ id: "none", error: { type: "TaskNotFound" } }]
    })
    expect(dataOf(await rig.call(["status", '["b","a"]']))).not.toHaveProperty("errors")
  })
})

describe("--wait on a task with a readiness probe", () => {
  test("returns when it is ready, or with its last lines if it ended before", async () => {
    await using rig = new Rig()
    const up = await rig.call([
      "start",
      '{"id":"web","script":"echo up; sleep 60","readyWhen":{"log":"up"}}',
      "--wait"
    ])
    expect(dataOf(up)).toMatchObject({ task: { id: "web", status: "running", health: "ready" } })
    const down = await rig.call([
      "start",
      '{"id":"broken","script":"echo in use; exit 1","readyWhen":{"log":"up"}}',
      "--wait"
    ])
    expect(dataOf(down)).toMatchObject({ task: { status: "failed" }, lastLines: ["in use"] })
    const late = await rig.refusal([
      "start",
      '{"id":"slow","script":"echo soon; sleep 60","readyWhen":{"log":"up"}}',
      "--wait",
      "--timeout",
      "1"
    ])
    expect(late).toMatchObject({
      type: "TaskWaitTimedOut",
      details: { status: "running", health: "starting", lastLines: ["soon"] }
    })
  })
})
