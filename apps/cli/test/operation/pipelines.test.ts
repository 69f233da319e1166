/** pipeline create, get, list and cancel, and what other operations say of pipelines. */
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { eventsOf, framesOf, pipelineOf, statusesOf } from "../PipelineShown.ts"
import { post } from "../post.ts"
import { bound } from "../bounds.ts"
import { Rig } from "../Rig.ts"
import { isAlive, markedProcesses } from "../processes.ts"

const at = (text: string | null): number => Date.parse(text ?? "")
/** How many tasks a large pipeline has. */
const many = bound(100, 500)

const none = {
  blocked: 0,
  queued: 0,
  running: 0,
  stopping: 0,
  retrying: 0,
  completed: 0,
  failed: 0,
  cancelled: 0
}
const isTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u)

describe("a chain of steps", () => {
  test("starts the first step at once, and each other after the step before it and its delay", async () => {
    await using rig = new Rig()
    const steps = [
      { name: "one", command: "cat", stdin: "open" },
      { command: "true", delayMs: 150 },
      { script: "exit 0" }
    ]
    const made = pipelineOf(await rig.data("pipeline create", { id: "p", name: "three", steps }))
    expect(made).toMatchObject({
      id: "p",
      name: "three",
      status: "running",
      createdAt: isTime,
      endedAt: null,
      durationMs: null,
      stepCount: 3,
      counts: { ...none, running: 1, blocked: 2 },
      cancelled: null,
      tasks: [
        { id: "p.1", name: "one", status: "running", pid: expect.any(Number), pipelineId: "p" },
        { id: "p.2", status: "blocked", pid: null },
        { id: "p.3", status: "blocked" }
      ]
    })
    await rig.data("send", { id: "p.1", eof: true })
    const ended = pipelineOf(await rig.data("wait", { pipelineId: "p" }))
    expect(ended).toMatchObject({ status: "completed", counts: { ...none, completed: 3 } })
    const [one, two, three] = ended.tasks
    expect(at(two?.startedAt ?? null)).toBeGreaterThanOrEqual(at(one?.endedAt ?? null) + 150)
    expect(at(three?.startedAt ?? null)).toBeGreaterThanOrEqual(at(two?.endedAt ?? null))
    expect(ended.durationMs).toBe(at(ended.endedAt) - at(ended.createdAt))
    expect(at(ended.endedAt)).toBeGreaterThanOrEqual(at(three?.endedAt ?? null))
  })

  test("gives its tasks the shared fields, which each can override", async () => {
    await using rig = new Rig()
    const shared = {
      cwd: "/",
      tags: ["ci"],
      priority: "P0",
      queue: "builds",
      env: { A: "shared", B: "shared" }
    }
    const script = 'echo "$A $B"'
    const own = {
      script,
      cwd: "/tmp",
      tags: ["own"],
      priority: "P2",
      queue: "other",
      env: { B: "own" }
    }
    const made = pipelineOf(
      await rig.data("pipeline create", { ...shared, steps: [{ script }, own] }, ["--wait"])
    )
    expect(made.id).toMatch(/^pipeline-[0-9a-z]{12}$/u)
    expect(made.tasks).toMatchObject([
      { id: `${made.id}.1`, cwd: "/", tags: ["ci"], priority: "P0", queue: "builds" },
      { id: `${made.id}.2`, cwd: "/tmp", tags: ["own"], priority: "P2", queue: "other" }
    ])
    expect(await rig.data("logs", { id: `${made.id}.1` })).toMatchObject({
      lines: ["shared shared"]
    })
    expect(await rig.data("logs", { id: `${made.id}.2` })).toMatchObject({ lines: ["shared own"] })
    expect(await rig.data("list", { pipelineId: made.id })).toMatchObject({ total: 2 })
  })

  test("cancels later steps when one fails, and shows the last lines", async () => {
    await using rig = new Rig()
    const steps = [
      { command: "true" },
      { script: "echo broken; exit 3" },
      { command: "touch", args: ["late"] },
      { command: "true" }
    ]
    await rig.data("pipeline create", { id: "p", cwd: rig.scratch, steps })
    const answer = await rig.data("wait", { pipelineId: "p" })
    const ended = pipelineOf(answer)
    expect([ended.status, ...statusesOf(ended)]).toEqual([
      "failed",
      "completed",
      "failed",
      "cancelled",
      "cancelled"
    ])
    expect(ended.tasks.map(({ failure }) => failure)).toMatchObject([
      null,
      { type: "ExitedNonZero", exitCode: 3 },
      { type: "DependencyFailed", taskId: "p.2" },
      { type: "DependencyFailed", taskId: "p.2", through: "p.3" }
    ])
    expect(answer["lastLines"]).toEqual(["broken"])
    expect(existsSync(join(rig.scratch, "late"))).toBe(false)
    expect(eventsOf(await rig.data("events", { types: ["pipeline.failed"] }))).toMatchObject([
      { pipelineId: "p", data: { taskId: "p.2" } }
    ])
  })
})

/** A task with one that goes on from it, and two for when it fails. */
const withHandler = (id: string, exitCode: number) => ({
  id,
  tasks: [
    { script: `exit ${exitCode}` },
    { command: "true", dependsOn: [`${id}.1`] },
    { command: "true", dependsOn: [{ task: `${id}.1`, on: "failure" }] },
    { command: "true", dependsOn: [`${id}.3`] }
  ]
})

describe("tasks in any order", () => {
  test("run in the order of their dependencies, in parallel where possible", async () => {
    await using rig = new Rig()
    Bun.spawnSync(["mkfifo", join(rig.scratch, "meet")])
    const tasks = [
      { key: "last", script: "cat meeting", dependsOn: ["left", "right"] },
      // Neither can go on without the other.
      { key: "left", script: "echo met > meet", dependsOn: ["first"] },
      { key: "right", script: "cat meet > meeting", dependsOn: [{ task: "first", on: "end" }] },
      { key: "first", command: "true" }
    ]
    const ended = pipelineOf(
      await rig.data("pipeline create", { id: "d", cwd: rig.scratch, tasks }, ["--wait"])
    )
    expect([ended.status, ended.tasks.map(({ id }) => id)]).toEqual([
      "completed",
      ["d.last", "d.left", "d.right", "d.first"]
    ])
    expect(await rig.data("logs", { id: "d.last" })).toMatchObject({ lines: ["met"] })
  })

  test("may include tasks for failures, which are not needed when nothing fails", async () => {
    await using rig = new Rig()
    const good = pipelineOf(await rig.data("pipeline create", withHandler("good", 0), ["--wait"]))
    expect([good.status, ...statusesOf(good)]).toEqual([
      "completed",
      "completed",
      "completed",
      "cancelled",
      "cancelled"
    ])
    expect(await rig.data("wait", { id: "good" })).toMatchObject({ outcome: "succeeded" })
    const bad = pipelineOf(await rig.data("pipeline create", withHandler("bad", 1), ["--wait"]))
    expect([bad.status, ...statusesOf(bad)]).toEqual([
      "failed",
      "failed",
      "cancelled",
      "completed",
      "completed"
    ])
  })

  test("may depend on existing tasks", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "base", command: "cat", stdin: "open" })
    const tasks = [{ command: "true", dependsOn: ["base"] }, "exit 0"]
    expect(pipelineOf(await rig.data("pipeline create", { id: "p", tasks }))).toMatchObject({
      tasks: [{ id: "p.1", status: "blocked" }, { id: "p.2" }]
    })
    await rig.data("stop", { id: "base" })
    const ended = pipelineOf(await rig.data("wait", { pipelineId: "p" }))
    expect([ended.status, ...statusesOf(ended)]).toEqual(["failed", "cancelled", "completed"])
    // Started again by itself it is still a step of the pipeline, whose end stays as it was.
    expect(await rig.task("start", { id: "p.2", command: "true" }, ["--wait"])).toMatchObject({
      attempt: 2,
      pipelineId: "p"
    })
    expect(pipelineOf(await rig.data("pipeline get", { id: "p" }))).toMatchObject({
      status: "failed",
      endedAt: ended.endedAt
    })
  })

  test(`may be ${many}`, async () => {
    await using rig = new Rig()
    const tasks = Array.from({ length: many }, (_, index) => ({
      key: `t${index}`,
      command: "true",
      dependsOn: Array.from(
        { length: Math.min(index % 50, 5) },
        (__, back) => `t${index - 1 - back}`
      )
    })).toReversed()
    const made = pipelineOf(await rig.data("pipeline create", { id: "big", tasks }))
    expect(made.stepCount).toBe(many)
    const ended = pipelineOf(await rig.data("wait", { pipelineId: "big" }, ["--timeout", "100"]))
    expect(ended).toMatchObject({ status: "completed", counts: { ...none, completed: many } })
    expect(ended.tasks.map(({ id }) => id)).toEqual(tasks.map(({ key }) => `big.${key}`))
    expect(eventsOf(await rig.data("events", { types: ["pipeline.completed"] }))).toHaveLength(1)
  }, 120_000)
})

describe("pipeline cancel", () => {
  test("stops running tasks with all their processes, cancels the rest, and returns when no process is left", async () => {
    await using rig = new Rig()
    const tree =
      "setsid sh -c 'trap : TERM; echo $$ > hidden; while :; do sleep 1; done' & while [ ! -s hidden ]; do sleep 0.01; done; echo up; sleep 60"
    const left =
      "setsid sh -c 'echo $$ > left; exec sleep 60' & while [ ! -s left ]; do sleep 0.01; done"
    const tasks = [
      { key: "tree", script: tree, gracePeriodMs: 200 },
      { key: "done", script: left },
      { key: "next", command: "true", dependsOn: ["tree"] },
      { key: "later", command: "true", delayMs: 600_000 },
      {
        key: "retrying",
        command: "false",
        restart: { when: "on-failure", delayMs: 600_000, maxDelayMs: 600_000 }
      }
    ]
    await rig.data("pipeline create", { id: "p", cwd: rig.scratch, tasks })
    await Promise.all([
      rig.data("wait", { id: "p.tree", for: { log: "up" } }),
      rig.data("wait", { id: "p.done" })
    ])
    const ended = pipelineOf(await rig.data("pipeline cancel", { id: "p", reason: "no more" }))
    const by = { kind: "caller", client: "cli", pid: expect.any(Number) }
    expect(ended).toMatchObject({
      status: "cancelled",
      endedAt: isTime,
      cancelled: { by, reason: "no more" }
    })
    expect(statusesOf(ended)).toEqual([
      "cancelled",
      "completed",
      "cancelled",
      "cancelled",
      "cancelled"
    ])
    for (const name of ["hidden", "left"])
      expect([name, isAlive(Number(readFileSync(join(rig.scratch, name), "utf8")))]).toEqual([
        name,
        false
      ])
    expect(
      markedProcesses(rig.home).filter((pid) =>
        readFileSync(`/proc/${pid}/environ`, "latin1").includes("BACKBEAT_TASK_ID=")
      )
    ).toEqual([])
    expect(await rig.task("status", { id: "p.next" })).toMatchObject({
      cancelled: { by, reason: "no more" }
    })
    const types = eventsOf(await rig.data("events", { pipelineId: "p" }))
      .filter(({ pipelineId }) => pipelineId === "p")
      .map(({ type }) => type)
    expect(types).toEqual(["pipeline.created", "pipeline.cancelling", "pipeline.cancelled"])
    expect(await rig.refusal(["pipeline", "cancel", "p"])).toMatchObject({
      type: "IllegalTransition",
      details: { id: "p", from: "cancelled" }
    })
  })

  test("shows who requested it while tasks are ending, and may be requested again meanwhile", async () => {
    await using rig = new Rig()
    const steps = [
      { script: "trap 'cat hold' TERM; echo up; sleep 60 & wait", gracePeriodMs: 60_000 },
      { command: "true" }
    ]
    Bun.spawnSync(["mkfifo", join(rig.scratch, "hold")])
    await rig.data("pipeline create", { id: "p", cwd: rig.scratch, steps })
    await rig.data("wait", { id: "p.1", for: { log: "up" } })
    const first = rig.data("pipeline cancel", { id: "p", reason: "first" })
    const events = rig.call([
      "events",
      JSON.stringify({ pipelineId: "p", follow: true }),
      "--stream"
    ])
    await rig.data("wait", { id: "p.2" })
    expect(pipelineOf(await rig.data("pipeline get", { id: "p" }))).toMatchObject({
      status: "running",
      cancelled: { reason: "first" }
    })
    const second = post(rig, "pipeline cancel", { id: "p", reason: "second" }, "second")
    await post(rig, "pipeline get", { id: "p" }, "behind-it")
    writeFileSync(join(rig.scratch, "hold"), "")
    for (const answer of [await first, await second]) {
      expect(pipelineOf(answer)).toMatchObject({
        status: "cancelled",
        cancelled: { reason: "first" }
      })
    }
    expect(framesOf((await events).stdout).at(-1)).toMatchObject({
      type: "pipeline.cancelled",
      data: { reason: "first" }
    })
  })
})
