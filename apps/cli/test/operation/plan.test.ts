/** What plan warns of: everything that keeps a start from running at once. */
import { describe, expect, test } from "bun:test"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"

const hidden = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: undefined, ANTHROPIC_AUTH_TOKEN: undefined }

describe("a plan", () => {
  test("warns of a dependency that has ended otherwise than needed, as start then does", async () => {
    await using rig = new Rig()
    await rig.data("start", [{ id: "good", command: "true" }, { id: "bad", command: "false" }, { id: "gone", command: "true", delayMs: 600_000 }])
    await rig.data("stop", { id: "gone" })
    await rig.data("wait", { ids: ["good", "bad"] })
    const payload = [
      { id: "d", command: "true", dependsOn: ["c"] },
      { id: "e", command: "true", dependsOn: [{ task: "c", on: "failure" }] },
      { id: "c", command: "true", dependsOn: ["good", "bad"] },
      { id: "f", command: "true", dependsOn: [{ task: "good", on: "failure" }] },
      { id: "g", command: "true", dependsOn: ["gone"] },
      { id: "h", command: "true", dependsOn: ["good", { task: "bad", on: "failure" }, { task: "gone", on: "end" }] }
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
    expect(Array.isArray(ended) ? ended.map(({ id, status }) => [id, status]).toSorted() : ended).toEqual([
      ["c", "cancelled"],
      ["d", "cancelled"],
      ["e", "completed"],
      ["f", "cancelled"],
      ["g", "cancelled"],
      ["h", "completed"]
    ])
    const chain = [{ id: "p.1", command: "true", dependsOn: ["bad"] }, { id: "p.2", command: "true", dependsOn: ["p.1"] }]
    expect(await rig.data("plan", { operation: "pipeline create", payload: { id: "p", tasks: chain } })).toMatchObject({
      tasks: [{ warnings: [`${at} bad, which failed`] }, { warnings: [`${at} p.1, which would be cancelled`] }]
    })
  })

  test("warns of a paused queue with the command that resumes it", async () => {
    await using rig = new Rig()
    await rig.data("queue pause", { queue: "builds", reason: "the registry is down" })
    const planned = () => rig.data("plan", { payload: { command: "true", queue: "builds" } })
    expect(await planned()).toMatchObject({
      tasks: [{ warnings: [expect.stringMatching(/^queue builds was paused by a caller \(cli.*\): the registry is down\. It would wait until: backbeat queue resume builds$/u)] }]
    })
    await rig.data("queue resume", { queue: "builds" })
    expect(await planned()).toMatchObject({ tasks: [{ warnings: [] }] })
  })

  test("warns of an agent without a login, and does not run it for that", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = { ...agents.env, ...hidden, HOME: rig.scratch }
    const planned = async (payload: object, more = {}) =>
      (await rig.call(["plan", JSON.stringify({ payload: { agent: "claude", prompt: "Hello.", ...payload } })], { env: { ...env, ...more } })).document
    const warned = { data: { tasks: [{ warnings: [expect.stringMatching(/^no login of claude is to be seen: ./u)] }] } }
    expect(await planned({})).toMatchObject(warned)
    expect(await planned({ inheritEnv: false, env: { HOME: rig.scratch, ...agents.env } }, { ANTHROPIC_API_KEY: "k" })).toMatchObject(warned)
    expect(await planned({}, { ANTHROPIC_API_KEY: "k" })).toMatchObject({ data: { tasks: [{ warnings: [] }] } })
    await rig.data("config set", { key: "agents.claude.env", value: { ANTHROPIC_API_KEY: "k" } })
    expect(await planned({})).toMatchObject({ data: { tasks: [{ warnings: [] }] } })
  })

  test("warns of an agent that is not installed, in a pipeline too, which is refused only when it is made", async () => {
    await using rig = new Rig()
    const env = { PATH: "/usr/bin:/bin", HOME: rig.scratch }
    const warned = { warnings: ["it could not be started: command not found: claude"] }
    const pipeline = { steps: [{ command: "true" }, { agent: "claude", prompt: "Hello." }] }
    const call = async (...args: ReadonlyArray<string>) => (await rig.call(args, { env })).document
    expect(await call("plan", JSON.stringify({ payload: pipeline.steps[1] }))).toMatchObject({ data: { tasks: [warned] } })
    expect(await call("plan", JSON.stringify({ operation: "pipeline create", payload: pipeline }))).toMatchObject({
      data: { tasks: [{ warnings: [] }, warned], order: [0, 1] }
    })
    expect(await rig.refusal(["pipeline", "create", JSON.stringify(pipeline)], { env })).toMatchObject({ type: "AgentUnavailable" })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
  })
})
