/** Agents that do what no agent should: write too much, nest too deeply, leave no place, work where git is slow. */
import { expect, test } from "bun:test"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { prompted } from "../agent/prompted.ts"
import { Rig } from "../Rig.ts"

/** An agent that is a shell which reads its prompt as a script. */
const shell = (rig: Rig) =>
  rig.data("config set", {
    key: "agents.shell",
    value: { command: "sh", args: ["-c", 'eval "$(cat)"'] }
  })

test("an agent that writes faster than its output is read and rotated still ends", async () => {
  await using rig = new Rig()
  await shell(rig)
  const prompt =
    "seq 1 400000 | sed 's/$/ a line that is as long as lines of agents are/'; echo END"
  expect(
    await rig.task("start", { id: "x", agent: "shell", prompt, maxOutputBytes: 1_048_576 }, [
      "--wait"
    ])
  ).toMatchObject({ status: "completed" })
  expect(await rig.data("logs", { id: "x", lines: 1 })).toMatchObject({ lines: ["END"] })
})

test("an agent that has ended is neither timed out nor stalled while git is slow in its directory", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  writeFileSync(join(agents.folder, "git"), "#!/bin/sh\nsleep 60\n")
  chmodSync(join(agents.folder, "git"), 0o755)
  expect(
    await prompted(rig, agents, { agent: "claude", timeout: 1000, stallTimeoutMs: 1000 })
  ).toMatchObject({
    task: { status: "completed", result: { text: "Everything is fine." } }
  })
})

test("an agent's error is reported even if its text cannot be stored, and the next engine starts with such a folder", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer(
    "claude",
    "error-400",
    `rm -rf '${rig.home}/tasks/x/1/text'; touch '${rig.home}/tasks/x/1/text'; read go < '${rig.scratch}/gate'`
  )
  await Bun.spawn(["mkfifo", `${rig.scratch}/gate`]).exited
  await rig.call(["start", '{"id":"x","prompt":"p","agent":"claude"}'], { env: agents.env })
  await rig.killEngine()
  await Bun.spawn(["sh", "-c", "echo go >gate"], { cwd: rig.scratch }).exited
  expect(await rig.task("wait", { id: "x" })).toMatchObject({
    status: "failed",
    failure: { type: "AgentError" }
  })
})

test("agents list waits neither for processes that a version check left, nor for endless output", async () => {
  await using rig = new Rig()
  const folder = join(rig.scratch, "bin")
  mkdirSync(folder)
  for (const [name, script] of [
    ["claude", "sleep 60 & echo 1.0"],
    ["codex", "yes"]
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const { document } = await rig.call(["agents", "list"], {
    env: { PATH: `${folder}:/usr/bin:/bin` }
  })
  expect(document).toMatchObject({
    data: {
      agents: [{ agent: "claude", version: "1.0" }, { agent: "codex", version: null }, {}, {}]
    }
  })
})

test("a result that is invalid, or was not requested, is not stored", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  const result = String.raw`{"type":"result","subtype":"success","is_error":false,"result":"half \ud800 pair","session_id":"a\u0000b","structured_output":{"a":"\udc00"}}`
  agents.answer("claude", "success", `printf '%s\\n' '${result}'; exit 0`)
  const plain = await prompted(rig, agents, { agent: "claude" })
  expect(plain).toMatchObject({
    task: {
      status: "completed",
      result: { text: "half \ufffd pair", sessionId: null, structured: null }
    }
  })
  const asked = await prompted(rig, agents, { agent: "claude", outputSchema: { type: "object" } })
  expect(asked).toMatchObject({ task: { result: { structured: { a: "\ufffd" } } } })
})

test.each([
  ["large", { list: Array.from({ length: 300 }, () => "y".repeat(1000)) }],
  ["deep", JSON.parse(`${'{"a":'.repeat(70)}1${"}".repeat(70)}`)]
])(
  "a structured result that is too %s to be kept is no success, and stands in the events",
  async (_, structured: unknown) => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    const said = join(rig.scratch, "said")
    writeFileSync(
      said,
      `${JSON.stringify({ type: "result", subtype: "success", is_error: false, result: "ok", session_id: "s", structured_output: structured })}\n`
    )
    agents.answer("claude", "success", `cat '${said}'; exit 0`)
    expect(
      await prompted(rig, agents, { agent: "claude", outputSchema: { type: "object" } })
    ).toMatchObject({
      task: {
        status: "failed",
        failure: {
          type: "AgentError",
          kind: "no_result",
          message: expect.stringContaining("larger than")
        },
        result: { text: "ok", isError: true, structured: null }
      }
    })
    expect(await prompted(rig, agents, { agent: "claude" })).toMatchObject({
      task: { status: "completed", result: { isError: false } }
    })
  }
)

test("a running agent is adopted even if it was removed from the configuration", async () => {
  await using rig = new Rig()
  await shell(rig)
  const gate = join(rig.scratch, "gate")
  await Bun.spawn(["mkfifo", gate]).exited
  const script = `echo began; read go < '${gate}'; echo done; exit; `
  await rig.data("config set", {
    key: "agents.gated",
    value: { command: "sh", args: ["-c", script] }
  })
  await rig.data("start", { id: "x", agent: "gated", prompt: "p" })
  await rig.data("wait", { id: "x", for: { log: "began" } })
  await rig.data("config reset", { key: "agents.gated" })
  await rig.killEngine()
  expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "running", attempt: 1 })
  writeFileSync(gate, "go\n")
  expect(await rig.task("wait", { id: "x" })).toMatchObject({
    status: "completed",
    result: { text: "began\ndone", isError: false }
  })
  expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["began", "done"] })
})

test("a task with forgetEnv keeps its environment while it waits for dependencies", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "base", command: "cat", stdin: "open" })
  await rig.task("start", { id: "x", command: "true", forgetEnv: true }, ["--wait"])
  await rig.data("start", { id: "x", command: "true", forgetEnv: true, dependsOn: ["base"] })
  await rig.data("send", { id: "base", eof: true })
  expect(await rig.task("wait", { id: "x" })).toMatchObject({ status: "completed", attempt: 2 })
})

test("the task that a waiting task continues from is not pruned", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  await prompted(rig, agents, { id: "first", agent: "claude" })
  await rig.data("start", { id: "gate", command: "cat", stdin: "open" })
  await rig.call(
    [
      "start",
      '{"id":"next","prompt":"p","agent":"claude","continueFrom":"first","dependsOn":["gate"]}'
    ],
    { env: agents.env }
  )
  expect(await rig.data("prune", { olderThanDays: 0 })).toMatchObject({ removed: [] })
  await rig.data("send", { id: "gate", eof: true })
  expect(await rig.task("wait", { id: "next" })).toMatchObject({ status: "completed" })
})

test("the task that a running task continues from is not pruned, because the next attempt continues from it too", async () => {
  await using rig = new Rig()
  await shell(rig)
  // A gate for each attempt: the second could be passed with what opened the first.
  const gates = [1, 2].map((attempt) => join(rig.scratch, `gate${attempt}`))
  await Bun.spawn(["mkfifo", ...gates]).exited
  await rig.task("start", { id: "first", command: "true" }, ["--wait"])
  await rig.data("config set", {
    key: "agents.gated",
    value: {
      command: "sh",
      args: [
        "-c",
        `read go < '${rig.scratch}/gate'$BACKBEAT_ATTEMPT; exit $((BACKBEAT_ATTEMPT - 2))`
      ]
    }
  })
  await rig.data("start", {
    id: "x",
    agent: "gated",
    prompt: "p",
    continueFrom: "first",
    restart: { when: "on-failure", delayMs: 0 }
  })
  await rig.data("wait", { id: "x", for: "start" })
  expect(await rig.data("prune", { olderThanDays: 0 })).toMatchObject({ removed: [] })
  for (const gate of gates) writeFileSync(gate, "go\n")
  expect(await rig.task("wait", { id: "x" })).toMatchObject({ status: "completed", attempt: 2 })
})

test("the text of an agent appears in answers and prompts without escape sequences", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  const result = String.raw`{"type":"result","subtype":"success","is_error":false,"result":"\u001b[32mdone\u001b[0m\u009b1m\nspin |\rready"}`
  agents.answer(
    "claude",
    "success",
    `printf '\\033]9;4;3;0\\007'; printf '%s\\n' '${result}'; exit 0`
  )
  expect(await prompted(rig, agents, { id: "one", agent: "claude" })).toMatchObject({
    task: { status: "completed", result: { text: "done\nready" } }
  })
  await prompted(rig, agents, {
    id: "two",
    agent: "claude",
    dependsOn: ["one"],
    continueFrom: "one"
  })
  expect(agents.prompt("claude")).toContain("done\nready")
})

for (const [recording, end] of [
  ["success", { status: "completed", result: { text: "Everything is fine.", isError: false } }],
  [
    "rate-limit-429-final",
    { status: "failed", failure: { type: "AgentError", kind: "rate_limit" } }
  ]
] as const) {
  test(`an agent that has told its result and does not exit is stopped, and its word counts: ${recording}`, async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    await rig.data("config set", { key: "agentExitMs", value: 300 })
    agents.answer(
      "claude",
      recording,
      `cat '${agents.recorded("claude", recording)}'; sleep 3600; exit 0`
    )
    expect(
      await prompted(rig, agents, { id: "x", agent: "claude", gracePeriodMs: 300 })
    ).toMatchObject({ task: end })
    const { because } = await rig.data("why", { id: "x" })
    expect(JSON.stringify(because)).toContain(
      "its agent reported its result, but its process did not exit"
    )
  })

  test(`what an agent has told counts more than its timeout: ${recording}`, async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer(
      "claude",
      recording,
      `cat '${agents.recorded("claude", recording)}'; sleep 3600; exit 0`
    )
    expect(await prompted(rig, agents, { id: "x", agent: "claude", timeout: 1500 })).toMatchObject({
      task: end
    })
  })
}

test("what an agent's permissions denied is in its result and in why, with the mode that would allow it", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "shell-call")
  const denied = [{ tool: "Bash", what: "sh -c 'echo made > made.txt'" }]
  expect(await prompted(rig, agents, { id: "x", agent: "claude" })).toMatchObject({
    task: { status: "completed", result: { denied, allowedBy: { permissionMode: "full" } } }
  })
  const { document } = await rig.call(["wait", "x"])
  expect(document).toMatchObject({
    data: { task: { result: { denied, allowedBy: { permissionMode: "full" } } } }
  })
  const { because } = await rig.data("why", { id: "x" })
  expect(JSON.stringify(because)).toContain(
    "claude was denied by its permissions: Bash sh -c 'echo made > made.txt'; permissionMode full would allow it"
  )
})
