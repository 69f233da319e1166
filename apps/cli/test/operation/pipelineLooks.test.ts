/** How pipelines are looked at: lists, history, waiting, plans, and what is pruned. */
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { eventsOf, framesOf, pipelineOf } from "../PipelineShown.ts"
import { Rig } from "../Rig.ts"

const Page = Schema.Struct({
  total: Schema.Int,
  pipelines: Schema.Array(
    Schema.StructWithRest(Schema.Struct({ id: Schema.String }), [
      Schema.Record(Schema.String, Schema.Unknown)
    ])
  ),
  next: Schema.NullOr(Schema.String)
})
const pageOf = Schema.decodeUnknownSync(Page)
const idsOf = (data: unknown) => pageOf(data).pipelines.map(({ id }) => id)

const task = (id: string, ...dependsOn: ReadonlyArray<string>) => ({
  id,
  command: "true",
  dependsOn
})
const keyed = (key: string, ...dependsOn: ReadonlyArray<string>) => ({
  key,
  command: "true",
  dependsOn
})
const two = [{ command: "true" }, { command: "true" }]

describe("pipeline list", () => {
  test("has pages, newest first, by status and time, without tasks", async () => {
    await using rig = new Rig()
    for (const id of ["a", "b"]) await rig.data("pipeline create", { id, steps: two }, ["--wait"])
    await rig.data(
      "pipeline create",
      { id: "c", steps: [{ command: "false" }, { command: "true" }] },
      ["--wait"]
    )
    await rig.data("pipeline create", {
      id: "d",
      steps: [{ command: "cat", stdin: "open" }, { command: "true" }]
    })
    const page = pageOf(await rig.data("pipeline list", { limit: 3 }))
    expect([page.total, page.pipelines.map(({ id }) => id)]).toEqual([4, ["d", "c", "b"]])
    expect(page.pipelines[0]).toMatchObject({
      status: "running",
      stepCount: 2,
      counts: { running: 1, blocked: 1 }
    })
    expect(page.pipelines[0]).not.toHaveProperty("tasks")
    expect(idsOf(await rig.data("pipeline list", { after: page.next }))).toEqual(["a"])
    expect(idsOf(await rig.data("pipeline list", { status: "failed" }))).toEqual(["c"])
    expect(idsOf(await rig.data("pipeline list", { status: ["running", "completed"] }))).toEqual([
      "d",
      "b",
      "a"
    ])
    const { createdAt } = pipelineOf(await rig.data("pipeline get", { id: "c" }))
    expect(idsOf(await rig.data("pipeline list", { since: createdAt }))).toEqual(["d", "c"])
    expect(await rig.refusal(["pipeline", "list", '{"after":"x"}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "after" }
    })
  })

  test("is a table for people, and so is one pipeline with its tasks", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "release", name: "ship it", steps: two }, ["--wait"])
    const list = (await rig.call(["pipeline", "list", "--human"])).stdout
    expect(list).toMatch(
      /^ID +STATUS +DONE +TIME +CREATED +NAME\nrelease +completed +2\/2 .* ship it\n$/u
    )
    const one = (await rig.call(["pipeline", "get", "release", "--human"])).stdout.split("\n")
    expect(one.map((line) => line.split(" ")[0])).toEqual([
      "ID",
      "release",
      "",
      "ID",
      "release.1",
      "release.2",
      ""
    ])
  })
})

describe("an unknown pipeline", () => {
  test("is reported by every operation, with the most similar id", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "release", steps: two }, ["--wait"])
    for (const [operation, payload] of [
      ["pipeline get", { id: "relase" }],
      ["pipeline cancel", { id: "relase" }],
      ["wait", { pipelineId: "relase" }],
      ["events", { pipelineId: "relase" }]
    ] as const) {
      expect(await rig.refusal([...operation.split(" "), JSON.stringify(payload)])).toMatchObject({
        type: "PipelineNotFound",
        message: "pipeline not found: relase",
        details: { id: "relase", nearest: "release", hint: "Did you mean release?" }
      })
    }
  })
})

describe("waiting for a pipeline", () => {
  test("returns with its end, or times out and can be continued", async () => {
    await using rig = new Rig()
    const steps = [{ command: "cat", stdin: "open" }, { command: "true" }]
    const late = await rig.refusal([
      "pipeline",
      "create",
      JSON.stringify({ id: "p", steps }),
      "--wait",
      "--timeout",
      "0.1"
    ])
    expect(late).toMatchObject({
      type: "TaskWaitTimedOut",
      details: { ids: ["p"], retryable: true, cursor: expect.any(String) }
    })
    expect(await rig.refusal(["wait", '{"pipelineId":"p","timeout":20}'])).toMatchObject({
      type: "TaskWaitTimedOut"
    })
    const waiting = rig.data("wait", { pipelineId: "p" })
    await rig.data("send", { id: "p.1", eof: true })
    expect(await waiting).toMatchObject({
      pipeline: { status: "completed" },
      cursor: expect.any(String)
    })
    for (const payload of [
      { pipelineId: "p", id: "p.1" },
      { pipelineId: "p", for: "start" },
      { pipelineId: "p", mode: "any" }
    ]) {
      expect(await rig.refusal(["wait", JSON.stringify(payload)])).toMatchObject({
        type: "CommandInputError"
      })
    }
  })
})

describe("the history of a pipeline", () => {
  test("contains its own events and those of its tasks, in one sequence without gaps", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "before", command: "true" }, ["--wait"])
    await rig.data("pipeline create", { id: "p", steps: two }, ["--wait"])
    await rig.data("start", { id: "after", command: "true" }, ["--wait"])
    const all = eventsOf(await rig.data("events"))
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1))
    const its = eventsOf(await rig.data("events", { pipelineId: "p" }))
    expect(its).toEqual(
      all.filter(
        ({ pipelineId, taskId }) => pipelineId === "p" || taskId?.startsWith("p.") === true
      )
    )
    expect(its.map(({ type, taskId, pipelineId }) => `${type} ${taskId ?? pipelineId}`)).toEqual([
      "pipeline.created p",
      "task.created p.1",
      "task.created p.2",
      "task.started p.1",
      "task.completed p.1",
      "task.queued p.2",
      "task.started p.2",
      "task.completed p.2",
      "pipeline.completed p"
    ])
    expect(its[0]?.data).toEqual({ name: null, taskIds: ["p.1", "p.2"] })
    expect(await rig.refusal(["events", '{"types":["pipeline.done"]}'])).toMatchObject({
      details: { path: "types" }
    })
  })

  test("is followed until the pipeline has ended, with the lines of its tasks if requested", async () => {
    await using rig = new Rig()
    const steps = [{ script: "echo one; read word", stdin: "open" }, { script: "echo two" }]
    await rig.data("pipeline create", { id: "p", steps })
    const query = JSON.stringify({ pipelineId: "p", follow: true, lines: true })
    const follower = rig.spawn(["events", query, "--stream"])
    const reader = follower.stdout.getReader()
    // It follows from its first frame on.
    let stdout = ""
    const read = async (): Promise<boolean> => {
      const { done, value } = await reader.read()
      stdout += new TextDecoder().decode(value)
      return !done
    }
    await read()
    await rig.data("wait", { id: "p.1", for: { log: "one" } })
    await rig.data("send", { id: "p.1", text: "on\n" })
    while (await read());
    const exitCode = await follower.exited
    const frames = framesOf(stdout)
    expect([exitCode, frames[0]]).toMatchObject([
      0,
      {
        type: "pipeline.status.snapshot",
        pipelineId: "p",
        data: { pipeline: { status: "running" } }
      }
    ])
    const recorded = frames.filter(
      ({ type }) => !type.endsWith("snapshot") && type !== "task.log.line"
    )
    expect(recorded.map(({ sequence }) => sequence)).toEqual(recorded.map((_, index) => index + 1))
    expect(recorded.at(-1)).toMatchObject({ type: "pipeline.completed", pipelineId: "p" })
    expect(
      frames
        .flatMap(({ type, data }) => (type === "task.log.line" ? [data["text"]] : []))
        .toSorted()
    ).toEqual(["one", "two"])
  })
})

describe("a plan", () => {
  test("of a pipeline shows each task and a possible order, and creates nothing", async () => {
    await using rig = new Rig()
    const payload = {
      cwd: "/",
      tags: ["x"],
      steps: [{ command: "true" }, { script: "echo", delayMs: 5 }]
    }
    expect(await rig.data("plan", { operation: "pipeline create", payload })).toMatchObject({
      operation: "pipeline create",
      tasks: [
        {
          id: null,
          argv: [expect.stringMatching(/\/true$/u)],
          cwd: "/",
          dependsOn: [],
          spec: { tags: ["x"], queue: "default" }
        },
        { id: null, dependsOn: [{ task: "<pipeline>.1", on: "success" }], spec: { delayMs: 5 } }
      ],
      order: [0, 1]
    })
    const chain = [
      { command: "true", dependsOn: ["b"] },
      { command: "nothing-like-it", dependsOn: ["a"] },
      { command: "true" }
    ]
    const named = (field: string) =>
      chain.map((each, index) => ({ ...each, [field]: ["c", "b", "a"][index] }))
    expect(
      await rig.data("plan", {
        operation: "pipeline create",
        payload: { id: "p", tasks: named("key") }
      })
    ).toMatchObject({
      tasks: [
        { id: "p.c" },
        { id: "p.b", warnings: [expect.stringContaining("could not start")] },
        { id: "p.a" }
      ],
      order: [2, 1, 0]
    })
    expect(await rig.data("plan", { payload: named("id") })).toMatchObject({
      operation: "start",
      tasks: [{ dependsOn: [{ task: "b" }] }, {}, {}],
      order: [2, 1, 0]
    })
    expect([await rig.data("events"), await rig.data("pipeline list")]).toEqual([
      { events: [], cursor: 0 },
      { total: 0, pipelines: [], next: null }
    ])
  })

  test("rejects what could not be created", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", {
      id: "p",
      steps: [{ command: "cat", stdin: "open" }, { command: "true" }]
    })
    const plan = (payload: unknown, operation = "pipeline create") =>
      rig.refusal(["plan", JSON.stringify({ operation, payload })])
    expect(await plan({ tasks: [keyed("a", "b"), keyed("b", "a")] })).toMatchObject({
      type: "DependencyCycle",
      details: { cycle: ["a", "b", "a"] }
    })
    expect(await plan({ tasks: [keyed("a"), keyed("b", "x")] })).toMatchObject({
      type: "DependencyNotFound",
      details: { path: "tasks[1].dependsOn[0]" }
    })
    expect(await plan({ id: "p", steps: two })).toMatchObject({
      type: "IllegalTransition",
      details: { path: "id" }
    })
    expect(await plan([{ steps: two }])).toMatchObject({
      type: "CommandInputError",
      details: { path: "payload" }
    })
    expect(await plan([task("a", "b"), task("b", "a")], "start")).toMatchObject({
      type: "DependencyCycle"
    })
    expect(await plan([task("a"), task("b", "x")], "start")).toMatchObject({
      type: "DependencyNotFound",
      details: { path: "payload[1].dependsOn[0]" }
    })
    expect(await plan(task("a", "x"), "start")).toMatchObject({
      type: "DependencyNotFound",
      details: { path: "dependsOn[0]" }
    })
  })
})

describe("prune", () => {
  test("removes a pipeline with the last of its tasks, and no task of a running pipeline", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "done", steps: two }, ["--wait"])
    await rig.data(
      "pipeline create",
      { id: "half", steps: [{ command: "true" }, { command: "false" }] },
      ["--wait"]
    )
    await rig.data("pipeline create", {
      id: "runs",
      steps: [{ command: "true" }, { command: "cat", stdin: "open" }]
    })
    await rig.data("wait", { id: "runs.2", for: "start" })
    const pruned = await rig.data("prune", { olderThanDays: 0, status: ["completed"] })
    expect(pruned).toMatchObject({ removed: ["done.1", "done.2", "half.1"] })
    expect(idsOf(await rig.data("pipeline list"))).toEqual(["runs", "half"])
    expect(pipelineOf(await rig.data("pipeline get", { id: "half" }))).toMatchObject({
      status: "failed",
      stepCount: 2,
      tasks: [{ id: "half.2" }]
    })
    expect(
      new Set(
        eventsOf(await rig.data("events", { types: ["pipeline.created"] })).map(
          ({ pipelineId }) => pipelineId
        )
      )
    ).toEqual(new Set(["half", "runs"]))
    // Its id is free.
    await rig.data("pipeline create", { id: "done", steps: two }, ["--wait"])
  })
})

test("a pipeline that is still stopping its tasks is shown to people as being cancelled", async () => {
  await using rig = new Rig()
  const script = "trap 'echo asked' TERM; echo here; while :; do sleep 60; done"
  await rig.data("pipeline create", {
    id: "p",
    steps: [{ script, gracePeriodMs: 600_000 }, { command: "true" }]
  })
  await rig.data("wait", { id: "p.1", for: { log: "here" } })
  const rows = async (...args: ReadonlyArray<string>) =>
    (await rig.call([...args, "--human"])).stdout.split("\n")
  expect((await rows("pipeline", "list"))[1]).toMatch(/^p +running +0\/2 /u)
  const cancelling = rig.spawn(["pipeline", "cancel", "p"])
  await rig.data("wait", { id: "p.1", for: { log: "asked" } })
  expect((await rows("pipeline", "list"))[1]).toMatch(/^p +running \(cancelling\) +0\/2 /u)
  expect((await rows("pipeline", "get", "p"))[1]).toMatch(/^p +running \(cancelling\) +0\/2 /u)
  await rig.data("stop", { id: "p.1", force: true })
  await cancelling.exited
  expect((await rows("pipeline", "get", "p"))[1]).toMatch(/^p +cancelled +0\/2 /u)
})
