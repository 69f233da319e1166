/** Tasks that wait for tasks: in which order they run, and what becomes of those that wait in vain. */
import { describe, expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"

/** A task that runs until its input ends, and then exits with the code that it was sent. */
const gate = (id: string, more: object = {}) => ({
  id,
  script: "read code; exit ${code:-0}",
  stdin: "open",
  ...more
})
const open = (rig: Rig, id: string, code: number) =>
  rig.data("send", { id, text: `${code}\n`, eof: true })
const fates = async (rig: Rig, ids: ReadonlyArray<string>) => {
  const { tasks } = await rig.data("list", { ids, limit: 500 })
  if (!Array.isArray(tasks)) throw new Error("no tasks")
  return Object.fromEntries(tasks.map(({ id, status }) => [id, status]))
}

test("a task that depends on a rejected item does not run after an earlier task of that id", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "build", script: "true" }, ["--wait"])
  for (const build of [
    { id: "build", scrip: "make" },
    { id: "build", command: "true", ifEnded: "error" }
  ]) {
    const deploy = { id: "deploy", script: "true", dependsOn: ["build"] }
    for (const items of [
      [build, deploy],
      [deploy, build]
    ]) {
      const { document } = await rig.call(["start", JSON.stringify(items), "--wait"])
      expect(document).toMatchObject({ data: { outcome: "failed", successCount: 0 } })
      expect(JSON.stringify(document)).toContain("build was rejected in this call")
    }
  }
  const circle = [
    { id: "build", script: "true", dependsOn: ["other"] },
    { id: "other", script: "true", dependsOn: ["build"] }
  ]
  const { document } = await rig.call([
    "start",
    JSON.stringify([...circle, { id: "deploy", script: "true", dependsOn: ["build"] }]),
    "--wait"
  ])
  expect(document).toMatchObject({ data: { successCount: 0 } })
  expect((await rig.refusal(["status", "deploy"])).type).toBe("TaskNotFound")
})

test("a task that continues from a rejected item does not continue from an earlier task of that id", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  await rig.data("start", { id: "fix", script: "true" }, ["--wait"])
  for (const fix of [
    { id: "fix", scrip: "make" },
    { id: "fix", command: "true", ifEnded: "error" }
  ]) {
    const review = { id: "review", prompt: "Go on.", agent: "claude", continueFrom: "fix" }
    for (const items of [
      [fix, review],
      [review, fix]
    ]) {
      const { document } = await rig.call(["start", JSON.stringify(items)], { env: agents.env })
      const results = Object(document["data"])["results"]
      expect(results[items.indexOf(review)]).toMatchObject({
        ok: false,
        error: {
          type: "DependencyNotFound",
          message: "continueFrom: fix was rejected in this call",
          details: { item: items.indexOf(fix), path: "continueFrom" }
        }
      })
    }
  }
  expect((await rig.refusal(["status", "review"])).type).toBe("TaskNotFound")
})

describe("a task that depends on others", () => {
  test("runs after them, even if the three are started from three shells", async () => {
    await using rig = new Rig()
    await rig.call(["start", JSON.stringify(gate("build"))])
    await rig.call(["start", '{"id":"test","script":"echo tested","dependsOn":["build"]}'])
    const deploy = await rig.task("start", {
      id: "deploy",
      script: "echo deployed",
      dependsOn: ["test"]
    })
    expect(deploy).toMatchObject({
      status: "blocked",
      attempt: 1,
      startedAt: null,
      dependsOn: [{ task: "test", on: "success" }],
      waitsFor: [{ task: "test", on: "success", status: "blocked" }]
    })
    expect(await rig.data("why", { id: "deploy" })).toMatchObject({
      status: "blocked",
      because: [
        { what: "it waits for the success of test, which is blocked" },
        { what: "test waits for the success of build, which is running" }
      ],
      next: "It can start when its dependencies are satisfied. It waits for build, which is running: backbeat why build"
    })
    await open(rig, "build", 0)
    expect(await rig.task("wait", { id: "deploy" })).toMatchObject({
      status: "completed",
      waitsFor: []
    })
    const { events } = await rig.data("events", { types: ["task.started"] })
    expect(events).toMatchObject(["build", "test", "deploy"].map((taskId) => ({ taskId })))
  })

  test("is cancelled at once with its dependents when one of them fails; status and why name the failed task", async () => {
    await using rig = new Rig()
    const mark = `${rig.scratch}/ran`
    await rig.data("start", [
      gate("build"),
      gate("slow"),
      { id: "test", command: "touch", args: [mark], dependsOn: ["build", "slow"] },
      { id: "deploy", command: "touch", args: [mark], dependsOn: ["test"] },
      { id: "tell", command: "true", dependsOn: [{ task: "deploy", on: "failure" }] },
      { id: "tidy", command: "true", dependsOn: [{ task: "deploy", on: "end" }] }
    ])
    await open(rig, "build", 3)
    await rig.data("wait", { ids: ["tell", "tidy"] })
    expect(await fates(rig, ["build", "slow", "test", "deploy", "tell", "tidy"])).toEqual({
      build: "failed",
      slow: "running",
      test: "cancelled",
      deploy: "cancelled",
      tell: "completed",
      tidy: "completed"
    })
    expect(await rig.task("status", { id: "test" })).toMatchObject({
      failure: { type: "DependencyFailed", taskId: "build" },
      startedAt: null,
      exitCode: null
    })
    expect(await rig.task("status", { id: "deploy" })).toMatchObject({
      failure: { type: "DependencyFailed", taskId: "build", through: "test" }
    })
    expect(await rig.data("why", { id: "deploy" })).toMatchObject({
      status: "cancelled",
      because: [
        {
          what: "it depends on build, whose end did not meet the condition",
          actor: { kind: "dependency" }
        },
        { what: "it waited for test, which was cancelled for the same reason" },
        { what: "build exited with code 3" }
      ]
    })
    expect(await Bun.file(mark).exists()).toBe(false)
  })

  test("of a diamond runs once, after both sides", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "join", script: `echo joined >> ${rig.scratch}/log`, dependsOn: ["left", "right"] },
      { id: "left", script: `echo side >> ${rig.scratch}/log`, dependsOn: ["top"] },
      { id: "right", script: `echo side >> ${rig.scratch}/log`, dependsOn: ["top"] },
      { id: "top", script: `echo top >> ${rig.scratch}/log` }
    ])
    await rig.data("wait", { id: "join" })
    expect(await Bun.file(`${rig.scratch}/log`).text()).toBe("top\nside\nside\njoined\n")
  })

  test("that have ended already runs at once, or is cancelled at once", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "good", command: "true" },
      { id: "bad", command: "false" }
    ])
    await rig.data("wait", { ids: ["good", "bad"] })
    expect(
      await rig.task(
        "start",
        { command: "true", dependsOn: ["good", { task: "bad", on: "failure" }] },
        ["--wait"]
      )
    ).toMatchObject({ status: "completed" })
    expect(await rig.task("start", { command: "true", dependsOn: ["good", "bad"] })).toMatchObject({
      status: "cancelled",
      failure: { type: "DependencyFailed", taskId: "bad" }
    })
    expect(
      await rig.task("start", { command: "true", dependsOn: [{ task: "good", on: "failure" }] })
    ).toMatchObject({ status: "cancelled" })
  })

  test("is cancelled when one of them is stopped, unless it waits for any end", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      gate("base"),
      ...(["success", "failure", "end"] as const).map((on) => ({
        id: on,
        command: "true",
        dependsOn: [{ task: "base", on }]
      }))
    ])
    await rig.data("stop", { id: "base" })
    await rig.data("wait", { ids: ["success", "failure", "end"] })
    expect(await fates(rig, ["success", "failure", "end"])).toEqual({
      success: "cancelled",
      failure: "cancelled",
      end: "completed"
    })
  })

  test("is explained with who stopped a dependency and why, and what must run again first", async () => {
    await using rig = new Rig()
    const command = `test ! -e ${rig.scratch}/hold || sleep 60`
    writeFileSync(`${rig.scratch}/hold`, "")
    await rig.data("start", [
      { id: "k1", script: command },
      { id: "side", command: "true" },
      { id: "v1", command: "true", dependsOn: ["k1", "side"] },
      { id: "w1", command: "true", dependsOn: ["v1"] }
    ])
    await rig.data("stop", { id: "k1", reason: "not today" })
    for (let round = 0; round < 2; round++)
      expect(await rig.task("restart", { id: "w1" })).toMatchObject({ status: "cancelled" })
    const { because, next } = await rig.data("why", { id: "w1" })
    expect(because).toMatchObject([
      { what: "it depends on k1, whose end did not meet the condition" },
      { what: "it waited for v1, which was cancelled for the same reason" },
      {
        what: expect.stringMatching(/^k1 was cancelled by a caller \(cli, pid \d+\): not today$/u),
        actor: { kind: "caller" }
      }
    ])
    expect(because).toHaveLength(3)
    expect(next).toBe(
      `Restarting it alone would cancel it again, because of v1. Restart its dependencies with it: backbeat restart '["k1","v1","w1"]'`
    )
    expect((await rig.data("why", { id: "k1" }))["next"]).toBe("Use restart to run it again.")
    rmSync(`${rig.scratch}/hold`)
    await rig.data("restart", ["k1", "v1", "w1"])
    expect(await rig.task("wait", { id: "w1" })).toMatchObject({ status: "completed" })
  })

  test("waits its delay from the end of the last of them", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      gate("base"),
      { id: "next", command: "true", dependsOn: ["base"], delayMs: 60_000 }
    ])
    expect(await rig.task("status", { id: "next" })).toMatchObject({
      status: "blocked",
      notBefore: null
    })
    await open(rig, "base", 0)
    const { endedAt } = await rig.task("wait", { id: "base" })
    const { status, notBefore } = await rig.task("status", { id: "next" })
    expect(status).toBe("queued")
    expect(Date.parse(String(notBefore)) - Date.parse(String(endedAt))).toBeWithin(60_000, 61_000)
    await rig.data("stop", { id: "next" })
  })

  test("can be stopped while it waits, and its dependency continues", async () => {
    await using rig = new Rig()
    await rig.data("start", [gate("base"), { id: "next", command: "true", dependsOn: ["base"] }])
    expect(await rig.task("stop", { id: "next", reason: "no more" })).toMatchObject({
      status: "cancelled",
      cancelled: { reason: "no more" },
      failure: null
    })
    await open(rig, "base", 0)
    expect(await rig.task("wait", { id: "base" })).toMatchObject({ status: "completed" })
    expect(await rig.task("status", { id: "next" })).toMatchObject({ status: "cancelled" })
  })

  test("is also released by an end that the next engine records", async () => {
    await using rig = new Rig()
    await rig.data("start", [gate("base"), { id: "next", command: "true", dependsOn: ["base"] }])
    await rig.killEngine()
    await open(rig, "base", 0)
    expect(await rig.task("wait", { id: "next" })).toMatchObject({ status: "completed" })
  })
})

describe("what cannot be depended on", () => {
  test("is rejected with its path and a suggestion, and nothing is stored", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "build", command: "true" })
    expect(
      await rig.refusal(["start", '{"id":"x","command":"true","dependsOn":["build","biuld"]}'])
    ).toMatchObject({
      type: "DependencyNotFound",
      message: "dependsOn[1]: task not found: biuld",
      details: { id: "biuld", path: "dependsOn[1]", hint: "Did you mean build?", retryable: false }
    })
    expect(
      await rig.refusal(["start", '{"id":"x","command":"true","dependsOn":["x"]}'])
    ).toMatchObject({
      type: "DependencyCycle",
      details: { cycle: ["x", "x"] }
    })
    expect(
      await rig.refusal([
        "start",
        '{"id":"x","command":"true","dependsOn":["build",{"task":"build","on":"end"}]}'
      ])
    ).toMatchObject({
      type: "CommandInputError",
      message: "dependsOn[1]: is a duplicate of build"
    })
    expect(
      await rig.refusal([
        "start",
        '{"id":"x","command":"true","dependsOn":[{"task":"build","on":"succes"}]}'
      ])
    ).toMatchObject({ type: "CommandInputError" })
    const many = Array.from({ length: 101 }, (_, index) => `t${index}`)
    expect(
      await rig.refusal(["start", JSON.stringify({ id: "x", command: "true", dependsOn: many })])
    ).toMatchObject({ type: "CommandInputError" })
    expect(await rig.data("list")).toMatchObject({ total: 1 })
  })

  test("are items on a cycle and their dependents in one call; the others start", async () => {
    await using rig = new Rig()
    const called = await rig.call([
      "start",
      JSON.stringify([
        { id: "a", command: "true", dependsOn: ["b"] },
        { id: "b", command: "true", dependsOn: ["a"] },
        { id: "c", command: "true", dependsOn: ["a"] },
        { id: "d", command: "true" }
      ])
    ])
    expect(called).toMatchObject({
      exitCode: 1,
      document: {
        data: {
          outcome: "partial_failure",
          results: [
            {
              ok: false,
              error: {
                type: "DependencyCycle",
                message: "the dependencies form a cycle: a -> b -> a"
              }
            },
            { ok: false, error: { type: "DependencyCycle" } },
            {
              ok: false,
              error: {
                type: "DependencyNotFound",
                message: "dependsOn[0]: a was rejected in this call",
                details: {
                  id: "a",
                  path: "dependsOn[0]",
                  item: 0,
                  hint: "Correct item 0 as its error says, then start both again.",
                  retryable: false
                }
              }
            },
            { ok: true }
          ]
        }
      }
    })
    expect(await rig.data("list")).toMatchObject({ total: 1 })
  })

  test("is a rejected item of the same call, and its dependents", async () => {
    await using rig = new Rig()
    const items = [
      { id: "c3", command: "true", dependsOn: ["c2"] },
      { id: "c2", command: "true", dependsOn: ["c1"] },
      { id: "c1", comand: "true" }
    ]
    const { document } = await rig.call(["start", JSON.stringify(items)])
    expect(document).toMatchObject({
      data: {
        results: [
          {
            error: {
              type: "DependencyNotFound",
              message: "dependsOn[0]: c2 was rejected in this call",
              details: { item: 1 }
            }
          },
          {
            error: {
              type: "DependencyNotFound",
              message: "dependsOn[0]: c1 was rejected in this call",
              details: { item: 2 }
            }
          },
          { error: { type: "CommandInputError" } }
        ]
      }
    })
  })

  test("is any task for a restart of a running task", async () => {
    await using rig = new Rig()
    await rig.data("start", [gate("base"), gate("x")])
    expect(
      await rig.refusal([
        "start",
        '{"id":"x","command":"true","dependsOn":["base"],"ifRunning":"restart"}'
      ])
    ).toMatchObject({
      type: "IllegalTransition",
      details: { path: "dependsOn" }
    })
  })
})

describe("a restart of tasks that depend on each other", () => {
  test("waits again for dependencies that run again, in any order of the restarts", async () => {
    await using rig = new Rig()
    const flag = `${rig.scratch}/flag`
    await rig.data("start", [
      { id: "build", script: `test -e ${flag}` },
      { id: "test", command: "true", dependsOn: ["build"] },
      { id: "deploy", command: "true", dependsOn: ["test"] }
    ])
    await rig.data("wait", { id: "deploy" })
    expect(await rig.task("restart", { id: "deploy" })).toMatchObject({
      status: "cancelled",
      failure: { type: "DependencyFailed", taskId: "build" }
    })
    await Bun.write(flag, "")
    await rig.call(["restart", JSON.stringify(["build", "test", "deploy"].map((id) => ({ id })))])
    await rig.data("wait", { ids: ["build", "test", "deploy"] })
    expect(await fates(rig, ["build", "test", "deploy"])).toEqual({
      build: "completed",
      test: "completed",
      deploy: "completed"
    })
  })

  test("keeps the output of the last attempt visible when it is cancelled because of a dependency", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "base", script: "test ! -e gone || exit 1" },
      { id: "x", script: "echo mine; touch gone", dependsOn: ["base"] }
    ])
    await rig.data("wait", { id: "x" })
    await rig.task("restart", { id: "base" }, ["--wait"])
    expect(await rig.task("restart", { id: "x" })).toMatchObject({
      status: "cancelled",
      attempt: 1
    })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["mine"] })
  })

  test("may give a task dependencies that it did not have", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "true" }, ["--wait"])
    await rig.data("start", gate("base"))
    expect(
      await rig.task("start", { id: "x", command: "true", dependsOn: ["base"] })
    ).toMatchObject({ status: "blocked", attempt: 2 })
    await open(rig, "base", 0)
    expect(await rig.task("wait", { id: "x" })).toMatchObject({ status: "completed", attempt: 2 })
  })
})
