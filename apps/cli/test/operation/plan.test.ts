/** What plan warns of: everything that keeps a start from running at once. */
import { describe, expect, test } from "bun:test"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"

const hidden = {
  ANTHROPIC_API_KEY: undefined,
  CLAUDE_CODE_OAUTH_TOKEN: undefined,
  ANTHROPIC_AUTH_TOKEN: undefined
}

describe("a plan", () => {
  test("warns about a dependency whose end does not satisfy the condition, like start", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "good", command: "true" },
      { id: "bad", command: "false" },
      { id: "gone", command: "true", delayMs: 600_000 }
    ])
    await rig.data("stop", { id: "gone" })
    await rig.data("wait", { ids: ["good", "bad"] })
    const payload = [
      { id: "d", command: "true", dependsOn: ["c"] },
      { id: "e", command: "true", dependsOn: [{ task: "c", on: "failure" }] },
      { id: "c", command: "true", dependsOn: ["good", "bad"] },
      { id: "f", command: "true", dependsOn: [{ task: "good", on: "failure" }] },
      { id: "g", command: "true", dependsOn: ["gone"] },
      {
        id: "h",
        command: "true",
        dependsOn: ["good", { task: "bad", on: "failure" }, { task: "gone", on: "end" }]
      }
    ]
    const { tasks } = await rig.data("plan", { payload })
    const at = "it would be cancelled at once: it depends on"
    expect(tasks).toMatchObject([
      { id: "d", warnings: [`${at} c, which would be cancelled`] },
      { id: "e", warnings: [] },
      { id: "c", warnings: [`${at} bad, which failed`] },
      { id: "f", warnings: [`${at} good (on failure), which completed`] },
      { id: "g", warnings: [`${at} gone, which was cancelled`] },
      { id: "h", warnings: [] }
    ])
    await rig.data("start", payload)
    const { tasks: ended } = await rig.data("wait", { ids: ["c", "d", "e", "f", "g", "h"] })
    expect(
      Array.isArray(ended) ? ended.map(({ id, status }) => [id, status]).toSorted() : ended
    ).toEqual([
      ["c", "cancelled"],
      ["d", "cancelled"],
      ["e", "completed"],
      ["f", "cancelled"],
      ["g", "cancelled"],
      ["h", "completed"]
    ])
    const chain = [
      { key: "one", command: "true", dependsOn: ["bad"] },
      { command: "true", dependsOn: ["one"] }
    ]
    expect(
      await rig.data("plan", { operation: "pipeline create", payload: { id: "p", tasks: chain } })
    ).toMatchObject({
      tasks: [
        { warnings: [`${at} bad, which failed`] },
        { warnings: [`${at} p.one, which would be cancelled`] }
      ]
    })
  })

  test("warns about a paused queue, with the command that resumes it", async () => {
    await using rig = new Rig()
    await rig.data("queue set", { queue: "builds", concurrency: 9 })
    await rig.data("queue pause", { queue: "builds", reason: "the registry is down" })
    const planned = () => rig.data("plan", { payload: { command: "true", queue: "builds" } })
    expect(await planned()).toMatchObject({
      tasks: [
        {
          warnings: [
            expect.stringMatching(
              /^queue builds was paused by a caller \(cli.*\): the registry is down\. It would wait for: backbeat queue resume builds$/u
            )
          ]
        }
      ]
    })
    await rig.data("queue resume", { queue: "builds" })
    expect(await planned()).toMatchObject({ tasks: [{ warnings: [] }] })
  })

  test("warns about an agent without a login, without running it", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = { ...agents.env, ...hidden, HOME: rig.scratch }
    const planned = async (payload: object, more = {}) =>
      (
        await rig.call(
          ["plan", JSON.stringify({ payload: { agent: "claude", prompt: "Hello.", ...payload } })],
          { env: { ...env, ...more } }
        )
      ).document
    const warned = {
      data: {
        tasks: [
          { warnings: [expect.stringMatching(/^no login of claude was found; to log in: ./u)] }
        ]
      }
    }
    expect(await planned({})).toMatchObject(warned)
    expect(
      await planned(
        { inheritEnv: false, env: { HOME: rig.scratch, ...agents.env } },
        { ANTHROPIC_API_KEY: "k" }
      )
    ).toMatchObject(warned)
    expect(await planned({}, { ANTHROPIC_API_KEY: "k" })).toMatchObject({
      data: { tasks: [{ warnings: [] }] }
    })
    await rig.data("config set", { key: "agents.claude.env", value: { ANTHROPIC_API_KEY: "k" } })
    expect(await planned({})).toMatchObject({ data: { tasks: [{ warnings: [] }] } })
  })

  test("warns about an agent that is not installed, also in a pipeline, which is only rejected when it is created", async () => {
    await using rig = new Rig()
    const env = { PATH: "/usr/bin:/bin", HOME: rig.scratch }
    const warned = {
      warnings: [
        "it would be rejected with AgentUnavailable: agent claude cannot be run: command not found: claude"
      ]
    }
    const pipeline = { steps: [{ command: "true" }, { agent: "claude", prompt: "Hello." }] }
    const call = async (...args: ReadonlyArray<string>) => (await rig.call(args, { env })).document
    expect(await call("plan", JSON.stringify({ payload: pipeline.steps[1] }))).toMatchObject({
      data: { tasks: [warned] }
    })
    expect(
      await call("plan", JSON.stringify({ operation: "pipeline create", payload: pipeline }))
    ).toMatchObject({
      data: { tasks: [{ warnings: [] }, warned], order: [0, 1] }
    })
    expect(
      await rig.refusal(["pipeline", "create", JSON.stringify(pipeline)], { env })
    ).toMatchObject({ type: "AgentUnavailable" })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
  })
})

describe("a plan of the id of a live task", () => {
  test("says what start would do, for every ifRunning", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "liv", script: "sleep 60" },
      { id: "late", command: "true", delayMs: 600_000 }
    ])
    const warned = async (payload: object) => (await rig.data("plan", { payload }))["tasks"]
    const refused = `it would be rejected with TaskAlreadyRunning: task liv is running. Use another id, stop it first, or set "ifRunning": "return" or "restart".`
    expect(await warned({ id: "liv", command: "true" })).toMatchObject([{ warnings: [refused] }])
    expect(await rig.refusal(["start", '{"id":"liv","command":"true"}'])).toMatchObject({
      type: "TaskAlreadyRunning"
    })
    expect(await warned({ id: "liv", command: "true", ifRunning: "return" })).toMatchObject([
      { warnings: ["task liv is running: start would return it unchanged (ifRunning return)"] }
    ])
    expect(await warned({ id: "liv", command: "true", ifRunning: "restart" })).toMatchObject([
      {
        warnings: ["task liv is running: it would restart as attempt 2 (ifRunning restart)"]
      }
    ])
    expect(
      await warned({ id: "liv", command: "true", ifRunning: "restart", dependsOn: ["late"] })
    ).toMatchObject([
      {
        warnings: [
          expect.stringMatching(
            /^it would be rejected with IllegalTransition: task liv is running; a restart of a live task cannot have dependsOn/u
          )
        ]
      }
    ])
    expect(await warned({ id: "late", command: "true", ifRunning: "restart" })).toMatchObject([
      {
        warnings: [
          expect.stringMatching(
            /^it would be rejected with IllegalTransition: task late is queued; ifRunning "restart" requires/u
          )
        ]
      }
    ])
    expect(await rig.task("status", { id: "liv" })).toMatchObject({ status: "running", attempt: 1 })
  })

  test("counts attempts right when the last one was cancelled before it started", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "late", command: "true", delayMs: 600_000 })
    await rig.data("stop", { id: "late" })
    expect(await rig.data("plan", { payload: { id: "late", command: "true" } })).toMatchObject({
      tasks: [{ warnings: ["task late exists: this would run as its attempt 1"] }]
    })
    expect(await rig.task("start", { id: "late", command: "true" }, ["--wait"])).toMatchObject({
      attempt: 1
    })
  })
})

describe("a rejected plan", () => {
  test("has an array that start would reject for its size", async () => {
    await using rig = new Rig()
    const message = "a batch has 1 to 1000 items, and this one has 0"
    expect(await rig.refusal(["start", "[]"])).toMatchObject({ type: "CommandInputError", message })
    expect(await rig.refusal(["plan", '{"payload":[]}'])).toMatchObject({
      command: "plan",
      type: "CommandInputError",
      message
    })
  })

  test("lists what is wrong with each item, in order", async () => {
    await using rig = new Rig()
    const a = { id: "a", command: "true", dependsOn: ["b"] }
    const b = { id: "b", command: "true", dependsOn: ["a"] }
    const payload = [
      { id: "good", command: "true", dependsOn: ["bad"] },
      { id: "bad", comand: "x" },
      a,
      b,
      { command: "true", dependsOn: ["none"] },
      ...["true", "false"].map((command) => ({ id: "twice", command }))
    ]
    const issues = [
      expect.stringMatching(/^unknown field payload\[1\]\.comand; did you mean command\?$/u),
      "payload[2]: the dependencies form a cycle: a -> b -> a",
      "payload[3]: the dependencies form a cycle: a -> b -> a",
      "payload[4].dependsOn[0]: task not found: none",
      "payload[6]: it would be rejected: items 5 and 6 have the same id. Use a different id for each"
    ]
    expect(await rig.refusal(["plan", JSON.stringify({ payload })])).toMatchObject({
      type: "CommandInputError",
      message: expect.stringMatching(
        /^unknown field payload\[1\]\.comand.*; 4 other items are also rejected$/u
      ),
      details: { issues }
    })
  })
})

test("a plan shows instants like every answer", async () => {
  await using rig = new Rig()
  const at = "2099-01-01T00:00:00.000Z"
  expect(await rig.data("plan", { payload: { command: "true", notBefore: at } })).toMatchObject({
    tasks: [{ startsAt: at, spec: { notBefore: at } }]
  })
})
