/** status, wait, why, stop and restart of a pipeline, by its id. */
import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { eventsOf, pipelineOf, statusesOf } from "../PipelineShown.ts"
import { post } from "../post.ts"
import { Rig } from "../Rig.ts"

const good = { command: "true" }

/** Three tasks in a row: the middle one succeeds once `go` is there. Each leaves a line in `ran`. */
const chain = [
  "echo one >> ran",
  { key: "middle", script: "echo middle >> ran; test -e go" },
  { key: "last", script: "echo last >> ran" }
]

const ran = (rig: Rig): ReadonlyArray<string> =>
  readFileSync(join(rig.scratch, "ran"), "utf8").trim().split("\n")

describe("the id of a pipeline", () => {
  test("is accepted by status, wait, why and stop", async () => {
    await using rig = new Rig()
    const steps = [
      { key: "hold", command: "cat", stdin: "open" },
      { key: "next", ...good }
    ]
    await rig.data("pipeline create", { id: "ci", steps })
    const status = await rig.data("status", { id: "ci" })
    expect(status).not.toHaveProperty("task")
    expect(pipelineOf(status)).toMatchObject({ id: "ci", status: "running" })
    expect(await rig.data("why", { id: "ci" })).toMatchObject({
      status: "running",
      because: [
        { what: "ci.hold is running" },
        { what: "ci.next is blocked" },
        { what: "0 of 2 tasks completed" }
      ],
      next: expect.stringContaining("why ci.hold")
    })
    const stopped = await rig.data("stop", { id: "ci", reason: "enough" })
    expect(pipelineOf(stopped)).toMatchObject({
      status: "cancelled",
      cancelled: { reason: "enough" }
    })
    expect(stopped).not.toHaveProperty("alreadyEnded", true)
    expect(pipelineOf(await rig.data("wait", { id: "ci" }))).toMatchObject({ status: "cancelled" })
    const again = await rig.data("stop", { id: "ci" })
    expect([again["alreadyEnded"], pipelineOf(again).status]).toEqual([true, "cancelled"])
    const { because } = await rig.data("why", { id: "ci" })
    expect(because).toMatchObject([
      { what: expect.stringMatching(/^its stop was requested by .*: enough$/u) },
      {},
      {},
      {}
    ])
  })
})

describe("a stop of a pipeline with force", () => {
  test("kills at once, even during a polite stop", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", {
      id: "ci",
      steps: [
        {
          key: "stubborn",
          script: "trap 'echo asked' TERM; echo up; while :; do sleep 0.01; done",
          gracePeriodMs: 600_000
        }
      ]
    })
    await rig.data("wait", { id: "ci.stubborn", for: { log: "up" } })
    const polite = rig.data("stop", { id: "ci" })
    await rig.data("wait", { id: "ci.stubborn", for: { log: "asked" } })
    expect(pipelineOf(await rig.data("stop", { id: "ci", force: true }))).toMatchObject({
      status: "cancelled"
    })
    await polite
    expect(await rig.task("status", { id: "ci.stubborn" })).toMatchObject({ signal: "SIGKILL" })
  })
})

describe("a restart of a pipeline", () => {
  test("runs again what did not complete, each task after its dependencies, and determines its end again", async () => {
    await using rig = new Rig()
    const failed = pipelineOf(
      await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, steps: chain }, ["--wait"])
    )
    expect([failed.status, ...statusesOf(failed)]).toEqual([
      "failed",
      "completed",
      "failed",
      "cancelled"
    ])
    writeFileSync(join(rig.scratch, "go"), "")
    const again = pipelineOf(
      await rig.data("restart", { id: "ci", reason: "go is there" }, ["--wait"])
    )
    expect([again.status, ...statusesOf(again)]).toEqual([
      "completed",
      "completed",
      "completed",
      "completed"
    ])
    expect(again.tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 1])
    expect(ran(rig)).toEqual(["one", "middle", "middle", "last"])
    const types = eventsOf(await rig.data("events", { pipelineId: "ci" }))
      .filter(({ pipelineId }) => pipelineId === "ci")
      .map(({ type }) => type)
    expect(types).toEqual([
      "pipeline.created",
      "pipeline.failed",
      "pipeline.restarted",
      "pipeline.completed"
    ])
  })

  test("runs all tasks again if requested, and is rejected when no task failed", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "go"), "")
    await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, steps: chain }, ["--wait"])
    expect(await rig.refusal(["restart", "ci"])).toMatchObject({
      type: "IllegalTransition",
      details: { id: "ci", from: "completed" }
    })
    expect(pipelineOf(await rig.data("status", { id: "ci" })).status).toBe("completed")
    const again = pipelineOf(await rig.data("restart", { id: "ci", all: true }, ["--wait"]))
    expect([again.status, ...again.tasks.map(({ attempt }) => attempt)]).toEqual([
      "completed",
      2,
      2,
      2
    ])
    expect(ran(rig)).toEqual(["one", "middle", "last", "one", "middle", "last"])
  })

  test("restarts the failed tasks of a running pipeline, and no others", async () => {
    await using rig = new Rig()
    const tasks = [
      { key: "flaky", script: "test -e go" },
      { key: "hold", command: "cat", stdin: "open" }
    ]
    await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, tasks })
    await rig.data("wait", { id: "ci.flaky" })
    writeFileSync(join(rig.scratch, "go"), "")
    await rig.data("restart", { id: "ci" })
    expect(await rig.task("wait", { id: "ci.flaky" })).toMatchObject({
      status: "completed",
      attempt: 2
    })
    await rig.data("send", { id: "ci.hold", eof: true })
    const ended = pipelineOf(await rig.data("wait", { id: "ci" }))
    expect([ended.status, ...ended.tasks.map(({ attempt }) => attempt)]).toEqual([
      "completed",
      2,
      1
    ])
  })

  test("is done once when it is sent again after a broken connection", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, steps: chain }, ["--wait"])
    await post(rig, "restart", { id: "ci" }, "r")
    await rig.data("wait", { id: "ci" })
    await post(rig, "restart", { id: "ci" }, "r again")
    const { tasks } = pipelineOf(await rig.data("wait", { id: "ci" }))
    expect(tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 0])
  })

  test("may be in an array with others; its tasks run after their dependencies", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, steps: chain }, ["--wait"])
    writeFileSync(join(rig.scratch, "go"), "")
    await rig.data("start", { id: "other", ...good }, ["--wait"])
    expect(await rig.data("restart", ["other", "ci", "none"], ["--wait"])).toMatchObject({
      successCount: 2,
      errorCount: 1
    })
    expect(pipelineOf(await rig.data("status", { id: "ci" })).status).toBe("completed")
    expect(await rig.task("status", { id: "other" })).toMatchObject({ attempt: 2 })
  })
})

test("the duration of a restarted pipeline counts from its last restart", async () => {
  await using rig = new Rig()
  await rig.data("pipeline create", { id: "ci", cwd: rig.scratch, steps: chain }, ["--wait"])
  writeFileSync(join(rig.scratch, "go"), "")
  const { pipeline } = await rig.data("restart", { id: "ci" }, ["--wait"])
  const { events } = await rig.data("events", {
    pipelineId: "ci",
    types: ["pipeline.restarted", "pipeline.completed"]
  })
  const [restarted, completed] = Object(events)
  const tookMs = Date.parse(completed.timestamp) - Date.parse(restarted.timestamp)
  expect(Object(pipeline).durationMs).toBeWithin(tookMs - 2, tookMs + 3)
})

describe("an array with the id of a pipeline and that of a task", () => {
  const steps = [
    { key: "a", command: "true" },
    { key: "b", script: "read x; exit ${x:-0}", stdin: "open" }
  ]

  test("is awaited until both have ended", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "ci", steps })
    await rig.data("start", { id: "lint", command: "true" })
    const late = await rig.refusal(["wait", '["ci","lint"]', "--timeout", "0.2"])
    expect(late).toMatchObject({ type: "TaskWaitTimedOut", details: { ids: ["ci", "lint"] } })
    const waiting = rig.call(["wait", '["ci","lint"]'])
    await rig.data("send", { id: "ci.b", text: "0\n", eof: true })
    expect((await waiting).document).toEqual({
      ok: true,
      command: "wait",
      data: {
        outcome: "succeeded",
        counts: { completed: 3 },
        pipelines: [{ id: "ci", status: "completed", durationMs: expect.any(Number) }]
      }
    })
    expect((await rig.call(["wait", '["ci","lint"]', "--exit-status"])).exitCode).toBe(0)
    expect(await rig.refusal(["wait", '["none","ci"]'])).toMatchObject({ type: "TaskNotFound" })
  })

  test("shows which of them ended first, and what failed in it", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "ci", steps })
    await rig.data("start", { id: "hold", command: "cat", stdin: "open" })
    await rig.data("wait", { id: "ci.b", for: "start" })
    await rig.data("send", { id: "ci.b", text: "4\n", eof: true })
    const first = await rig.data("wait", { ids: ["hold", "ci"], mode: "any", full: false })
    expect(first).toMatchObject({
      outcome: "partial_failure",
      counts: { completed: 1, failed: 1 },
      failures: [{ id: "ci.b", exitCode: 4 }],
      pipelines: [{ id: "ci", status: "failed" }],
      done: ["ci"],
      pending: ["hold"]
    })
    expect(await rig.refusal(["wait", '{"ids":["hold","ci"],"for":"ready"}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "for" }
    })
  })

  test("is stopped and restarted", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "ci", steps })
    await rig.data("start", { id: "hold", command: "cat", stdin: "open" })
    const stopped = await rig.data("stop", ["ci", "hold"])
    expect(stopped).toMatchObject({ outcome: "succeeded", successCount: 2 })
    const both = await rig.call(["status", '["ci","hold"]'])
    expect(both.document["data"]).toMatchObject({
      tasks: [{ id: "hold", status: "cancelled" }],
      pipelines: [{ id: "ci", status: "cancelled" }]
    })
    const again = await rig.call(["restart", '["ci","hold"]', "--wait", "--timeout", "0.2"])
    expect(again.document["data"]).toMatchObject({
      successCount: 2,
      results: [
        { id: "ci", status: "running", timedOut: true },
        { id: "hold", status: "running", timedOut: true }
      ]
    })
  })
})

test("an old home in which a task and a pipeline share an id shows both, and restart restarts the task", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "both", ...good }, ["--wait"])
  await rig.data("pipeline create", { id: "p", steps: [good] }, ["--wait"])
  await rig.endEngine()
  using database = new Database(join(rig.home, "backbeat.db"))
  database.run("UPDATE aggregates SET id = 'both', document = json_set(document, '$.id', 'both')")
  database.run("UPDATE ids SET id = 'other' WHERE id = 'p'")
  database.close()
  const status = await rig.data("status", { id: "both" })
  expect(status["task"]).toMatchObject({ id: "both" })
  expect(status["pipeline"]).toMatchObject({ id: "both", status: "completed" })
  expect(await rig.task("restart", { id: "both" }, ["--wait"])).toMatchObject({ attempt: 2 })
})
