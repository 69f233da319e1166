/** Several tasks in one call. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const sequencesOf = (data: unknown): ReadonlyArray<unknown> =>
  typeof data === "object" && data !== null && "events" in data && Array.isArray(data.events)
    ? data.events
    : []

describe("a batch of starts", () => {
  test("returns a result for every item in order, and fails if one fails", async () => {
    await using rig = new Rig()
    const payloads = [
      { id: "good", command: "true", full: true },
      { id: "../bad", command: "true" },
      { id: "twice", script: "echo first", full: true },
      { id: "twice", script: "echo second" },
      { command: "true", script: "true" },
      "no object",
      { id: "last", command: "true", full: true }
    ]
    const called = await rig.call(["start", JSON.stringify(payloads), "--wait"])
    expect(called).toMatchObject({ exitCode: 1, stderr: "" })
    expect(called.document).toEqual({
      ok: true,
      command: "start",
      data: {
        outcome: "partial_failure",
        total: 7,
        successCount: 3,
        errorCount: 4,
        counts: { completed: 3 },
        results: [
          {
            index: 0,
            ok: true,
            id: "good",
            status: "completed",
            data: { task: expect.objectContaining({ id: "good" }) }
          },
          { index: 1, ok: false, error: expect.objectContaining({ type: "CommandInputError" }) },
          {
            index: 2,
            ok: true,
            id: "twice",
            status: "completed",
            data: { task: expect.objectContaining({ script: "echo first" }) }
          },
          {
            index: 3,
            ok: false,
            error: {
              type: "TaskAlreadyRunning",
              message: "items 2 and 3 have the same id: twice. Item 2 was started, item 3 was not",
              details: {
                id: "twice",
                status: expect.any(String),
                indices: [2, 3],
                hint: "Use a different id for each item, or remove id to get a new one.",
                retryable: false
              }
            }
          },
          { index: 4, ok: false, error: expect.objectContaining({ type: "CommandInputError" }) },
          { index: 5, ok: false, error: expect.objectContaining({ type: "CommandInputError" }) },
          {
            index: 6,
            ok: true,
            id: "last",
            status: "completed",
            data: { task: expect.objectContaining({ id: "last" }) }
          }
        ]
      }
    })
    expect(await rig.data("list")).toMatchObject({ total: 3 })
  })

  test("fails if every item fails, and is rejected if it is empty or too long", async () => {
    await using rig = new Rig()
    expect(await rig.call(["start", '[{"id":"../x","command":"true"}]'])).toMatchObject({
      exitCode: 1,
      document: { data: { outcome: "failed", total: 1, successCount: 0, errorCount: 1 } }
    })
    expect(await rig.refusal(["start", "[]"])).toMatchObject({
      type: "CommandInputError",
      details: { maxItems: 1000, hint: "Add at least one item." }
    })
    const many = JSON.stringify(Array.from({ length: 1001 }, () => ({ command: "true" })))
    expect(await rig.refusal(["start", "-"], { stdin: many })).toMatchObject({
      type: "CommandInputError"
    })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
  })

  test("is stored in one commit: its items are created one after the other, before any of them starts", async () => {
    await using rig = new Rig()
    const ids = ["a", "b", "c", "d"]
    await rig.data(
      "start",
      ids.map((id) => ({ id, command: "true" })),
      ["--wait"]
    )
    const events = sequencesOf(await rig.data("events"))
    expect(events.slice(0, 4)).toMatchObject(
      ids.map((taskId, index) => ({ type: "task.created", taskId, sequence: index + 1 }))
    )
  })

  test("starts 200 tasks, which all complete", async () => {
    await using rig = new Rig()
    const payloads = Array.from({ length: 200 }, (_, index) => ({
      id: `n${index}`,
      command: "true",
      tags: ["many"]
    }))
    const called = await rig.call(["start", "-", "--wait"], { stdin: JSON.stringify(payloads) })
    expect(called.document).toMatchObject({
      data: { outcome: "succeeded", total: 200, successCount: 200, errorCount: 0 }
    })
    expect(await rig.data("list", { status: "completed", tag: "many", limit: 1 })).toMatchObject({
      total: 200
    })
    expect(await rig.data("wait", { tag: "many" })).toMatchObject({
      outcome: "succeeded",
      counts: { completed: 200 }
    })
  })

  test("without ids generates a different id for each item", async () => {
    await using rig = new Rig()
    const { results } = await rig.data(
      "start",
      Array.from({ length: 20 }, () => ({ command: "true" }))
    )
    const ids = (Array.isArray(results) ? results : []).map((each) => String(each.data.task.id))
    expect(new Set(ids).size).toBe(20)
    for (const id of ids) expect(id).toMatch(/^task-[0-9a-z]{12}$/u)
  })
})

describe("a batch of stops or restarts", () => {
  test("returns a result for every item too", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, script: "sleep 60" }))
    )
    await rig.data("start", { id: "ended", command: "true" }, ["--wait"])
    const stopped = await rig.call([
      "stop",
      JSON.stringify(["a", "none", "ended", "b"].map((id) => ({ id, full: true })))
    ])
    expect(stopped).toMatchObject({
      exitCode: 1,
      document: {
        data: {
          outcome: "partial_failure",
          results: [
            { index: 0, ok: true, data: { task: { id: "a", status: "cancelled" } } },
            { index: 1, ok: false, error: { type: "TaskNotFound" } },
            { index: 2, ok: true, data: { alreadyEnded: true } },
            { index: 3, ok: true, data: { task: { id: "b", status: "cancelled" } } }
          ]
        }
      }
    })
    const again = await rig.call([
      "restart",
      '[{"id":"ended","full":true},{"id":"none"},{"id":"b","full":true}]'
    ])
    expect(again).toMatchObject({
      exitCode: 1,
      document: {
        data: {
          results: [
            { index: 0, ok: true, data: { task: { id: "ended", attempt: 2, restartCount: 1 } } },
            { index: 1, ok: false, error: { type: "TaskNotFound" } },
            { index: 2, ok: true, data: { task: { id: "b", attempt: 2, status: "running" } } }
          ]
        }
      }
    })
  })

  test("accepts plain ids, and restarts each task after its dependencies", async () => {
    await using rig = new Rig()
    const chain = [
      { id: "a", script: "test -e repaired" },
      ...["b", "c"].map((id, at) => ({ id, command: "true", dependsOn: [at === 0 ? "a" : "b"] }))
    ]
    await rig.data(
      "start",
      chain.map((each) => ({ ...each, cwd: rig.scratch })),
      ["--wait"]
    )
    expect(await rig.task("status", { id: "c" })).toMatchObject({
      status: "cancelled",
      failure: { type: "DependencyFailed" }
    })
    await Bun.write(`${rig.scratch}/repaired`, "")
    const again = await rig.call([
      "restart",
      '[{"id":"c","full":true},{"id":"b","full":true},{"id":"none"},{"id":"a","full":true},{"id":"c","full":true}]',
      "--wait",
      "--concurrency",
      "1"
    ])
    expect(again).toMatchObject({
      exitCode: 1,
      document: {
        data: {
          results: [
            { ok: true, data: { task: { id: "c", status: "completed", attempt: 1 } } },
            { ok: true, data: { task: { id: "b", status: "completed", attempt: 1 } } },
            { ok: false, error: { type: "TaskNotFound" } },
            { ok: true, data: { task: { id: "a", status: "completed", attempt: 2 } } },
            { ok: true, data: { task: { id: "c", status: "completed", attempt: 1 } } }
          ]
        }
      }
    })
    await rig.data(
      "start",
      ["x", "y"].map((id) => ({ id, script: "sleep 60" }))
    )
    expect(await rig.data("stop", ["x", "y"])).toMatchObject({
      outcome: "succeeded",
      results: [{ data: { task: { id: "x" } } }, { data: { task: { id: "y" } } }]
    })
  })
})
