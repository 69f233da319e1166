/** Who may start when: queues, priorities and the limits against runaway callers. */
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

describe("a queue", () => {
  test("runs as many at once as configured, P0 first, then in order of arrival", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "queues.builds.concurrency", value: 1 })
    await rig.data("start", { id: "first", queue: "builds", command: "cat", stdin: "open" })
    const later = [
      ["p2", "P2"],
      ["p1a", "P1"],
      ["p0", "P0"],
      ["p1b", "P1"]
    ] as const
    await rig.data(
      "start",
      later.map(([id, priority]) => ({ id, queue: "builds", priority, command: "true" }))
    )
    await rig.data("start", { id: "elsewhere", command: "true" }, ["--wait"])
    expect(await rig.data("list", { queue: "builds", status: "queued" })).toMatchObject({
      total: 4
    })
    expect(await rig.data("why", { id: "p0" })).toMatchObject({
      status: "queued",
      because: [
        { what: "the only slot of queue builds is taken" },
        { what: "it is number 1 in queue builds" }
      ],
      next: "It starts when a slot of queue builds is free. P0 tasks start first."
    })
    await rig.data("send", { id: "first", eof: true })
    await rig.data("wait", { ids: later.map(([id]) => id) })
    const { events } = await rig.data("events", { types: ["task.started"] })
    expect(events).toMatchObject(
      ["first", "elsewhere", "p0", "p1a", "p1b", "p2"].map((taskId) => ({ taskId }))
    )
  })

  test("applies a new limit at once", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "queues.builds.concurrency", value: 1 })
    await rig.data(
      "start",
      ["a", "b", "c"].map((id) => ({ id, queue: "builds", script: "sleep 60" }))
    )
    expect(await rig.data("list", { status: "running" })).toMatchObject({ total: 1 })
    await rig.data("config set", { key: "queues.builds.concurrency", value: 3 })
    await rig.data("wait", { ids: ["a", "b", "c"], for: "start", timeout: 2000 })
    expect(await rig.data("list", { status: "running" })).toMatchObject({ total: 3 })
  })

  test("applies a limit that was written into the file at the next call of any operation", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "queues.builds.concurrency", value: 1 })
    await rig.data(
      "start",
      ["a", "b"].map((id) => ({ id, queue: "builds", script: "sleep 60" }))
    )
    writeFileSync(join(rig.home, "config.json"), '{"queues":{"builds":{"concurrency":2}}}')
    expect(await rig.data("why", { id: "b" })).toMatchObject({ status: "running" })
  })
})

describe("the limits", () => {
  test("reject tasks nested deeper than maxDepth", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "maxDepth", value: 2 })
    // Each task starts the next one with the same script, for as long as it is allowed to.
    const script = `echo "{\\"id\\":\\"$BACKBEAT_TASK_ID.n\\",\\"command\\":\\"/bin/sh\\",\\"args\\":[\\"-c\\",\\"eval \\\\\\"\\$nested\\\\\\"\\"]}" | "${binary}" start - --wait`
    await rig.call([
      "start",
      JSON.stringify({
        id: "n",
        command: "/bin/sh",
        args: ["-c", 'eval "$nested"'],
        env: { nested: script }
      }),
      "--wait"
    ])
    const { total, tasks } = await rig.data("list", { full: true })
    expect({ total, tasks }).toMatchObject({
      total: 3,
      tasks: [
        { id: "n.n.n", owner: { taskId: "n.n" }, failure: { type: "ExitedNonZero", exitCode: 1 } },
        { id: "n.n", owner: { taskId: "n" }, status: "completed" },
        { id: "n", owner: { taskId: null }, status: "completed" }
      ]
    })
    const { lines } = await rig.data("logs", { id: "n.n.n", stream: "stderr" })
    expect(JSON.parse(String(lines))).toMatchObject({
      command: "start",
      error: {
        type: "QuotaExceeded",
        message: "a task cannot be nested more than 2 levels deep (maxDepth)",
        details: { maxDepth: 2, retryable: false }
      }
    })
  })

  test("reject more live tasks than maxLive", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "maxLive", value: 2 })
    await rig.data("start", [
      { id: "a", script: "sleep 60" },
      { id: "b", delayMs: 600_000, command: "true" }
    ])
    expect(await rig.refusal(["start", '{"command":"true"}'])).toMatchObject({
      type: "QuotaExceeded",
      message: "the limit of 2 live tasks (maxLive) is reached",
      details: { maxLive: 2, live: 2, retryable: true }
    })
    // What makes no more tasks live is not refused.
    expect(
      await rig.task("start", { id: "a", script: "sleep 60", ifRunning: "return" })
    ).toMatchObject({ id: "a", attempt: 1 })
    expect(
      await rig.task("start", { id: "a", script: "sleep 61", ifRunning: "restart" })
    ).toMatchObject({ id: "a", attempt: 2 })
    expect(await rig.task("restart", { id: "a" })).toMatchObject({ id: "a", attempt: 3 })
    await rig.data("stop", { id: "b" })
    expect(await rig.task("start", { command: "true" }, ["--wait"])).toMatchObject({
      status: "completed"
    })
    const many = await rig.call([
      "start",
      JSON.stringify(["c", "d", "e"].map((id) => ({ id, script: "sleep 60" })))
    ])
    expect(many).toMatchObject({
      exitCode: 1,
      document: { data: { outcome: "partial_failure", successCount: 1, errorCount: 2 } }
    })
    // What has ended lives again.
    expect(await rig.refusal(["restart", "b"])).toMatchObject({ type: "QuotaExceeded" })
    expect(
      await rig.refusal(["start", '{"id":"b","command":"true","ifEnded":"again"}'])
    ).toMatchObject({ type: "QuotaExceeded" })
    expect(await rig.task("start", { id: "b", command: "true", ifEnded: "return" })).toMatchObject({
      status: "cancelled"
    })
  })
})
