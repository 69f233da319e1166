/** A pipeline is made whole or not at all, and once. */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { pipelineOf } from "../PipelineShown.ts"
import { post } from "../post.ts"
import { Rig } from "../Rig.ts"

const foldersOf = (rig: Rig): ReadonlyArray<string> =>
  existsSync(join(rig.home, "tasks")) ? readdirSync(join(rig.home, "tasks")).toSorted() : []

const create = (rig: Rig, payload: unknown) =>
  rig.refusal(["pipeline", "create", JSON.stringify(payload)])

const send = (rig: Rig, payload: unknown, requestId: string) =>
  post(rig, "pipeline create", payload, requestId)

const good = { command: "true" }

describe("a rejected pipeline", () => {
  test("has the path of the field", async () => {
    await using rig = new Rig()
    const cases: ReadonlyArray<readonly [payload: unknown, type: string, path: string]> = [
      [{}, "CommandInputError", "steps"],
      [{ steps: [good, good], tasks: [good, good] }, "CommandInputError", "tasks"],
      [{ steps: [] }, "CommandInputError", "steps"],
      [{ id: "p".repeat(95), steps: [good] }, "CommandInputError", "id"],
      [{ steps: [{ ...good, key: "k".repeat(32) }] }, "CommandInputError", "steps[0].key"],
      [{ steps: [good, { id: "a", ...good }] }, "CommandInputError", "steps[1].id"],
      [{ steps: [good, {}] }, "CommandInputError", "steps[1].command"],
      [{ steps: [good, { command: "a", script: "b" }] }, "CommandInputError", "steps[1].script"],
      [{ steps: [good, { comand: "a" }] }, "CommandInputError", "steps[1].comand"],
      [{ steps: [good, { command: "a", timeout: 1 }] }, "CommandInputError", "steps[1].timeout"],
      [
        { steps: [good, { command: "a", readyWhen: { log: "(" } }] },
        "CommandInputError",
        "steps[1].readyWhen.log"
      ],
      [
        {
          steps: [
            { key: "a", ...good },
            { key: "a", ...good }
          ]
        },
        "CommandInputError",
        "steps[1].key"
      ],
      [
        {
          tasks: [
            { name: "a", ...good },
            { ...good, dependsOn: ["a"] }
          ]
        },
        "CommandInputError",
        "tasks[1].dependsOn[0]"
      ],
      [{ agent: "claude", steps: [good, good] }, "CommandInputError", "agent"],
      [{ steps: [good, { ...good, effort: "high" }] }, "CommandInputError", "steps[1].effort"],
      [
        { steps: [good, { prompt: "a", agent: "nobody-knows-it" }] },
        "CommandInputError",
        "steps[1].agent"
      ],
      [
        { tasks: [good, { ...good, dependsOn: ["x", "x"] }] },
        "CommandInputError",
        "tasks[1].dependsOn[1]"
      ],
      [
        { tasks: [good, { ...good, dependsOn: ["there-is-none"] }] },
        "DependencyNotFound",
        "tasks[1].dependsOn[0]"
      ],
      [
        {
          tasks: [
            { key: "a", ...good, dependsOn: ["b"] },
            { key: "b", ...good, dependsOn: ["a"] }
          ]
        },
        "DependencyCycle",
        "tasks[0]"
      ]
    ]
    for (const [payload, type, path] of cases) {
      const { message, details, ...rest } = await create(rig, payload)
      expect({ type: rest.type, path: details["path"] }).toEqual({ type, path })
      expect(message).toContain(path)
    }
    expect(await rig.data("events")).toEqual({ events: [], cursor: 0 })
    expect(foldersOf(rig)).toEqual([])
  })

  test("says what to use instead of an id", async () => {
    await using rig = new Rig()
    const tasks = [
      { id: "lint", ...good },
      { id: "unit", ...good, dependsOn: ["lint"] }
    ]
    const { details, try: meant } = await create(rig, { id: "ci", tasks })
    expect(details["hint"]).toStartWith('Give "key" in its place')
    expect(meant?.operation).toBe("pipeline create")
    expect(pipelineOf(await rig.data("pipeline create", meant?.payload, ["--wait"]))).toMatchObject(
      {
        status: "completed",
        tasks: [{ id: "ci.lint" }, { id: "ci.unit" }]
      }
    )
  })

  test("suggests the task of the call with the most similar key", async () => {
    await using rig = new Rig()
    const tasks = [
      { key: "compile", ...good },
      { ...good, dependsOn: ["compil"] }
    ]
    expect(await create(rig, { tasks })).toMatchObject({
      type: "DependencyNotFound",
      details: { id: "compil", hint: "Did you mean compile?" }
    })
  })

  test("at its last task leaves no task, event or environment", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "old", command: "true" }, ["--wait"])
    const [before, folders] = [await rig.data("events"), foldersOf(rig)]
    const tasks = [
      { key: "fresh", ...good },
      { ...good, dependsOn: ["there-is-none"] }
    ]
    expect(await create(rig, { id: "p", tasks })).toMatchObject({
      type: "DependencyNotFound",
      details: { id: "there-is-none", path: "tasks[1].dependsOn[0]" }
    })
    expect([await rig.data("events"), foldersOf(rig)]).toEqual([before, folders])
    expect(await rig.data("pipeline list")).toMatchObject({ total: 0 })
  })

  test("with more tasks than maxLive is rejected completely", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "maxLive", value: 2 })
    expect(await create(rig, { steps: [good, good, good] })).toMatchObject({
      type: "QuotaExceeded",
      details: { path: "steps[2]" }
    })
    expect([await rig.data("list"), foldersOf(rig)]).toMatchObject([{ total: 0 }, []])
  })
})

describe("an id", () => {
  test("of an existing pipeline is rejected, with what to do", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "p", steps: [{ command: "cat", stdin: "open" }, good] })
    expect(await create(rig, { id: "p", steps: [good, good] })).toMatchObject({
      type: "IllegalTransition",
      message: "id: pipeline p exists and is running",
      details: { hint: expect.stringContaining("another id") }
    })
    await rig.data("pipeline cancel", { id: "p" })
    expect(await create(rig, { id: "p", steps: [good, good] })).toMatchObject({
      details: { status: "cancelled" }
    })
  })
})

describe("a task of a pipeline", () => {
  test("gets another id if a task has the id of its key", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "ci.lint", script: "echo other" }, ["--wait"])
    const tasks = [
      { key: "lint", script: "echo own" },
      { key: "unit", ...good, dependsOn: ["lint"] }
    ]
    const made = pipelineOf(await rig.data("pipeline create", { id: "ci", tasks }, ["--wait"]))
    expect(made.tasks).toMatchObject([{ id: "ci.lint-2", attempt: 1 }, { id: "ci.unit" }])
    expect(await rig.task("status", { id: "ci.unit" })).toMatchObject({
      dependsOn: [{ task: "ci.lint-2" }]
    })
    expect(await rig.data("logs", { id: "ci.lint" })).toMatchObject({ lines: ["other"] })
  })

  test("depends on the task of its own call, not on one of another pipeline with the same key", async () => {
    await using rig = new Rig()
    const tasks = [
      { key: "lint", ...good },
      { key: "unit", ...good, dependsOn: ["lint"] }
    ]
    for (const id of ["one", "two"]) {
      const made = pipelineOf(await rig.data("pipeline create", { id, tasks }, ["--wait"]))
      expect(made).toMatchObject({
        status: "completed",
        tasks: [{ id: `${id}.lint` }, { id: `${id}.unit` }]
      })
      expect(await rig.task("status", { id: `${id}.unit` })).toMatchObject({
        dependsOn: [{ task: `${id}.lint` }]
      })
    }
  })

  test("is not replaced by a start while the pipeline runs, but may be restarted", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", {
      id: "p",
      steps: [{ script: "echo own" }, { command: "cat", stdin: "open" }, good]
    })
    await rig.data("wait", { id: "p.2", for: "start" })
    const steps = [
      ["p.1", "ended"],
      ["p.2", "runs"],
      ["p.3", "is blocked"]
    ] as const
    for (const [id] of steps) {
      expect(
        await rig.refusal(["start", JSON.stringify({ id, command: "false", ifRunning: "restart" })])
      ).toMatchObject({
        type: "IllegalTransition",
        message: `task ${id} belongs to pipeline p, which is running`,
        details: {
          id,
          pipelineId: "p",
          hint: "Wait until that pipeline ends, stop it, or use another id."
        }
      })
    }
    expect(
      await rig.task("start", { id: "p.2", command: "false", ifRunning: "return" })
    ).toMatchObject({ command: "cat", status: "running" })
    expect(await rig.task("restart", { id: "p.1" }, ["--wait"])).toMatchObject({
      attempt: 2,
      script: "echo own",
      status: "completed"
    })
    await rig.data("send", { id: "p.2", eof: true })
    expect(pipelineOf(await rig.data("wait", { pipelineId: "p" }))).toMatchObject({
      status: "completed"
    })
    expect(await rig.task("start", { id: "p.2", command: "true" }, ["--wait"])).toMatchObject({
      command: "true",
      pipelineId: "p"
    })
  })
})

describe("the id of a pipeline in place of a task's", () => {
  test("is rejected with the ids of its tasks", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", { id: "p", steps: [good, { key: "last", ...good }] }, [
      "--wait"
    ])
    for (const operation of ["logs", "retry", "resume"]) {
      const { type, message, details } = await rig.refusal([operation, "p"])
      expect([operation, type, message]).toEqual([operation, "TaskNotFound", "task not found: p"])
      expect(details["hint"]).toBe(
        "p is a pipeline, not a task. Use the id of one of its tasks: p.1, p.last"
      )
    }
    for (const operation of ["status", "wait", "why", "stop", "restart", "retry"]) {
      expect(await rig.refusal([operation, "q"])).toMatchObject({
        type: "TaskNotFound",
        message: "task not found: q"
      })
    }
  })
})

describe("an id that is in use", () => {
  test("is rejected for a task and for a pipeline", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", ...good }, ["--wait"])
    await rig.data("pipeline create", { id: "p", steps: [good] }, ["--wait"])
    expect(await rig.refusal(["start", JSON.stringify({ id: "p", ...good })])).toMatchObject({
      type: "IllegalTransition",
      message: "id: p is the id of a pipeline"
    })
    expect(await create(rig, { id: "t", steps: [good] })).toMatchObject({
      type: "IllegalTransition",
      message: "id: t is the id of a task that is completed"
    })
  })
})

describe("a call that is sent again after a broken connection", () => {
  test("returns the pipeline that it created, under a given or generated id", async () => {
    await using rig = new Rig()
    await rig.data("list")
    for (const payload of [{ id: "p", steps: [good, good] }, { steps: [good, good] }]) {
      const first = pipelineOf(await send(rig, payload, `r-${payload.id}`))
      const again = pipelineOf(await send(rig, payload, `r-${payload.id} again`))
      expect([again.id, again.createdAt]).toEqual([first.id, first.createdAt])
    }
    expect(await rig.data("pipeline list")).toMatchObject({ total: 2 })
    expect(await rig.data("list")).toMatchObject({ total: 4 })
    // Another call at the very same time gets an id of its own.
    expect(pipelineOf(await send(rig, { steps: [good, good] }, "another")).id).toMatch(
      /^pipeline-/u
    )
    expect(await rig.data("pipeline list")).toMatchObject({ total: 3 })
  })
})
