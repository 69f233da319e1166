/** Agent tasks: how the agent is called, what becomes of what it says, and what is refused. The agents print what real ones printed. */
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { prompted } from "../agent/prompted.ts"
import { onTerminal } from "../calling/onTerminal.ts"
import { Rig } from "../Rig.ts"

describe("an agent task", () => {
  test.each([
    ["claude", ["-p", "--permission-mode", "acceptEdits"]],
    ["codex", ["-a", "never", "exec", "-s", "workspace-write", "--json", "-"]],
    ["gemini", ["--approval-mode", "auto_edit"]],
    ["opencode", ["run", "--format", "json"]]
  ])(
    "of %s gets its prompt on standard input, may edit, and has the result that the agent told",
    async (agent, flags) => {
      await using rig = new Rig()
      const agents = new FakeAgents(rig.scratch)
      agents.answer(agent, "success")
      expect(
        await prompted(rig, agents, { id: "x", agent, prompt: "-- Say\nwhat 'is' so." })
      ).toMatchObject({
        task: {
          kind: "prompt",
          status: "completed",
          agent,
          prompt: "-- Say\nwhat 'is' so.",
          queue: "agents",
          timeout: 1_800_000,
          permissionMode: "edit",
          result: {
            text: "Everything is fine.",
            isError: false,
            sessionId: expect.any(String),
            inputTokens: expect.any(Number)
          }
        }
      })
      expect(agents.prompt(agent)).toBe("-- Say\nwhat 'is' so.")
      for (const flag of flags) expect(agents.args(agent)).toContain(flag)
      expect(agents.args(agent).join("\n")).not.toContain("what 'is' so")
      expect(await rig.data("logs", { id: "x", stream: "stdout" })).toMatchObject({
        lines: ["Everything is fine."]
      })
      const { lines } = await rig.data("logs", { id: "x", raw: true })
      expect(String(lines)).toContain('"type":')
    }
  )

  test("shows each tool call as one log line and keeps the events, both readable only by their owner", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "tool-call")
    await prompted(rig, agents, { id: "x", agent: "claude" })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({
      lines: [expect.stringMatching(/^> Write: \S+$/u), "The file is written."]
    })
    const folder = join(rig.home, "tasks", "x", "1")
    for (const name of ["stdout.log", "stdin.txt", "text/stdout.log"]) {
      expect([name, (statSync(join(folder, name)).mode & 0o777).toString(8)]).toEqual([name, "600"])
    }
    expect(statSync(join(folder, "text")).mode & 0o777).toBe(0o700)
  })

  test("passes on model, effort, system prompt, limits and output schema, and returns the structured result", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "structured")
    const given = {
      model: "opus",
      effort: "high",
      systemPrompt: "Be brief.",
      maxTurns: 3,
      maxCostUsd: 0.5,
      outputSchema: { type: "object" },
      permissionMode: "plan"
    }
    const answer = await prompted(rig, agents, { id: "x", agent: "claude", ...given })
    expect(answer).toMatchObject({
      task: { status: "completed", ...given, result: { structured: expect.anything() } }
    })
    const args = agents.args("claude")
    for (const each of ["opus", "high", "3", "0.5", '{"type":"object"}', "plan"])
      expect(args).toContain(each)
  })

  test.each([
    ["claude", "auth-401-final", "auth"],
    ["claude", "rate-limit-429-final", "rate_limit"],
    ["claude", "max-turns", "limit"],
    ["codex", "auth-401", "auth"],
    ["codex", "error-400", "error"],
    ["gemini", "auth-401", "auth"],
    ["opencode", "auth-401", "auth"]
  ])(
    "of %s that ends with %s has failed with the kind %s and a hint, whatever its exit code",
    async (agent, recording, kind) => {
      await using rig = new Rig()
      const agents = new FakeAgents(rig.scratch)
      agents.answer(agent, recording)
      expect(await prompted(rig, agents, { id: "x", agent })).toMatchObject({
        task: {
          status: "failed",
          failure: {
            type: "AgentError",
            kind,
            message: expect.stringMatching(/./u),
            hint: expect.stringMatching(/./u)
          }
        }
      })
      expect(await rig.data("why", { id: "x" })).toMatchObject({
        because: [{ what: expect.stringContaining("it failed with an agent error: ") }, {}]
      })
    }
  )

  test("does not complete when it exits with 0 and without a result", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success", "exit 0")
    expect(await prompted(rig, agents, { agent: "claude" })).toMatchObject({
      task: { status: "failed", exitCode: 0, failure: { type: "AgentError", kind: "no_result" } }
    })
  })

  test("streams its text, and keeps its session when it is stopped in the middle of a turn", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    // It prints everything but its result, and then waits.
    const events = join(
      import.meta.dir,
      "../../../../packages/agents/test/recorded/claude/tool-call.stdout"
    )
    agents.answer("claude", "success", `head -n 4 '${events}'; sleep 60`)
    await rig.call(["start", '{"id":"x","prompt":"p","agent":"claude"}'], { env: agents.env })
    await rig.data("wait", { id: "x", for: { log: "> Write" } })
    expect(await rig.task("stop", { id: "x" })).toMatchObject({
      status: "cancelled",
      result: { sessionId: expect.any(String) }
    })
    agents.answer("claude", "resume")
    const { stdout } = await rig.call(["resume", '{"id":"x","full":true}', "--wait"], {
      env: agents.env
    })
    expect(JSON.parse(stdout)).toMatchObject({
      data: { task: { status: "completed", retryOf: "x" } }
    })
    expect(agents.args("claude")).toContain("--resume")
  })

  test("has its result even if the engine is killed while it works or after its end", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    const gate = join(rig.scratch, "gate")
    await Bun.spawn(["mkfifo", gate]).exited
    agents.answer("claude", "tool-call", `read line < ${gate}`)
    await rig.call(["start", '{"id":"x","prompt":"p","agent":"claude"}'], { env: agents.env })
    await rig.killEngine()
    // A shell waits until the agent opens the FIFO for reading; Bun.write would fail before.
    expect(await Bun.spawn(["sh", "-c", 'echo go >"$1"', "sh", gate]).exited).toBe(0)
    expect(await rig.task("wait", { id: "x" })).toMatchObject({
      status: "completed",
      result: { text: "The file is written." }
    })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ totalLines: 2 })
  })

  test("does not inherit the variables of the caller's agent, but has those of its task", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = {
      ...agents.env,
      CLAUDECODE: "1",
      CLAUDE_CODE_SESSION_ID: "s",
      CLAUDE_CONFIG_DIR: "/c",
      CODEX_THREAD_ID: "t"
    }
    await rig.call(["start", '{"prompt":"p","agent":"claude"}', "--wait"], { env })
    expect(agents.variables("claude")).toEqual(
      expect.arrayContaining(["CLAUDE_CONFIG_DIR", "BACKBEAT_TASK_ID", "BACKBEAT_HOME"])
    )
    for (const mark of ["CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID"])
      expect(agents.variables("claude")).not.toContain(mark)
  })

  test("of a custom agent is called by its template, and its output is its result", async () => {
    await using rig = new Rig()
    await rig.data("config set", {
      key: "agents.shout",
      value: { command: "/bin/echo", args: ["now:", "{prompt}"], env: { SECRET: "s3cret" } }
    })
    expect(
      await rig.task("start", { id: "x", prompt: "hear; me", agent: "shout" }, ["--wait"])
    ).toMatchObject({
      status: "completed",
      result: { text: "now: hear; me", sessionId: null, costUsd: null }
    })
    await rig.data("config set", { key: "agents.cat", value: { command: "cat" } })
    expect(await rig.data("agents check", { agent: "cat" })).toMatchObject({
      ok: true,
      agents: [{ permissionMode: null, problems: [] }]
    })
    expect(await rig.data("plan", { payload: { prompt: "p", agent: "cat" } })).toMatchObject({
      tasks: [{ spec: { work: { permissionMode: null } } }]
    })
    expect(
      await rig.refusal(["start", '{"prompt":"p","agent":"cat","permissionMode":"edit"}'])
    ).toMatchObject({
      message:
        "permissionMode: cat does not support edit, because its own settings decide; claude does"
    })
    expect(
      await rig.task("start", { id: "y", prompt: "on stdin", agent: "cat" }, ["--wait"])
    ).toMatchObject({ permissionMode: null, result: { text: "on stdin" } })
    expect(await rig.task("resume", { id: "y" }, ["--wait"])).toMatchObject({
      status: "completed",
      permissionMode: null
    })
    expect(JSON.stringify(await rig.data("config show"))).not.toContain("s3cret")
  })
})

const missing = (agent: string, fix: string) => ({
  agent,
  ok: false,
  problems: expect.arrayContaining([
    { message: `${agent} is not installed, or not on PATH`, fix, serious: true }
  ])
})

describe("a prompt without a usable agent", () => {
  test("is reported by `agents check` on a machine without agents, with the command that installs each", async () => {
    await using rig = new Rig()
    const env = { PATH: "/usr/bin:/bin", HOME: rig.scratch }
    expect((await rig.call(["agents", "check"], { env })).document["data"]).toMatchObject({
      ok: false,
      agents: [
        missing("claude", "npm install -g @anthropic-ai/claude-code"),
        missing("codex", "npm install -g @openai/codex"),
        missing("gemini", "npm install -g @google/gemini-cli"),
        missing("opencode", "npm install -g opencode-ai")
      ]
    })
  })

  test("is rejected if the agent is missing, unknown or not installed, or does not support a field", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "success")
    const refusal = (payload: object) =>
      rig.refusal(["start", JSON.stringify(payload)], { env: agents.env })
    expect(await refusal({ prompt: "p" })).toMatchObject({
      type: "CommandInputError",
      message: expect.stringMatching(/^agent: is missing/u),
      details: {
        hint: "Add agent, or set a default: backbeat init codex. Installed here: codex."
      }
    })
    expect(await refusal({ prompt: "p", agent: "codx" })).toMatchObject({
      type: "CommandInputError",
      details: { hint: "Did you mean codex? Installed here: codex." }
    })
    expect(await refusal({ prompt: "p", agent: "claude" })).toMatchObject({
      type: "AgentUnavailable",
      details: {
        agent: "claude",
        hint: "Install it: npm install -g @anthropic-ai/claude-code. Installed here: codex.",
        retryable: false
      }
    })
    expect(await refusal({ prompt: "p", agent: "codex", maxTurns: 3 })).toMatchObject({
      type: "CommandInputError",
      message: expect.stringMatching(/^maxTurns: /u)
    })
    expect(await refusal({ prompt: "p", agent: "codex", stdin: "x" })).toMatchObject({
      message: expect.stringMatching(/^stdin: /u)
    })
    expect(await refusal({ prompt: "p", agent: "codex", command: "x" })).toMatchObject({
      message: "prompt: cannot be combined with command"
    })
    expect(await refusal({ command: "x", model: "opus" })).toMatchObject({
      message: "model: requires prompt"
    })
    expect(await refusal({ command: "x", continueFrom: "y" })).toMatchObject({
      message: "continueFrom: requires prompt"
    })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
    expect(existsSync(join(rig.home, "tasks"))).toBe(false)
  })

  test("does not keep other tasks from starting", async () => {
    await using rig = new Rig()
    const called = await rig.call(
      ["start", '[{"id":"a","prompt":"p","agent":"claude"},{"id":"b","command":"true"}]'],
      { env: { PATH: "/usr/bin:/bin" } }
    )
    expect(called.document).toMatchObject({
      data: { results: [{ ok: false, error: { type: "AgentUnavailable" } }, { ok: true }] }
    })
  })
})

describe("a prompt without an agent field", () => {
  test("is rejected with the installed agents, and with the call for the only one", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "success")
    const line = ["start", JSON.stringify({ id: "x", prompt: "Say ready.", agent: "claude" })]
    const meant = { operation: "start", payload: { id: "x", prompt: "Say ready.", agent: "codex" } }
    expect(await rig.refusal(line, { env: agents.env })).toMatchObject({
      type: "AgentUnavailable",
      try: meant,
      details: { installed: ["codex"], hint: expect.stringMatching(/ Installed here: codex\.$/u) }
    })
    const { agent: _, ...anyAgent } = meant.payload
    expect(
      await rig.refusal(["start", JSON.stringify(anyAgent)], { env: agents.env })
    ).toMatchObject({ type: "CommandInputError", try: meant })
    agents.answer("opencode", "success")
    const several = await rig.refusal(line, { env: agents.env })
    expect(several).toMatchObject({ details: { installed: ["codex", "opencode"] } })
    expect(several).not.toHaveProperty("try")
  })
})

test("a prompt for an agent without a visible login is started with a warning", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  const env = {
    ...agents.env,
    HOME: rig.scratch,
    ANTHROPIC_API_KEY: undefined,
    CLAUDE_CODE_OAUTH_TOKEN: undefined,
    ANTHROPIC_AUTH_TOKEN: undefined
  }
  const line = ["start", '{"prompt":"Say ready.","agent":"claude"}', "--wait"]
  expect((await rig.call(line, { env })).document).toMatchObject({
    ok: true,
    data: { warnings: [expect.stringMatching(/^no login of claude was found; to log in: /u)] }
  })
  const keyed = await rig.call(line, { env: { ...env, ANTHROPIC_API_KEY: "sk-ant-secret" } })
  expect(keyed.document).not.toMatchObject({ data: { warnings: expect.anything() } })
})

describe("agents and init", () => {
  test("list the installed agents, and what keeps one from working", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = {
      ...agents.env,
      HOME: rig.scratch,
      ANTHROPIC_API_KEY: undefined,
      CLAUDE_CODE_OAUTH_TOKEN: undefined,
      ANTHROPIC_AUTH_TOKEN: undefined
    }
    expect((await rig.call(["agents", "list"], { env })).document).toMatchObject({
      data: {
        agents: [
          {
            agent: "claude",
            installed: true,
            version: "1.2.3 (claude)",
            path: join(agents.folder, "claude"),
            default: false,
            auth: { status: "missing" }
          },
          { agent: "codex", installed: false, version: null, path: null },
          { agent: "gemini", installed: false },
          { agent: "opencode", installed: false }
        ]
      }
    })
    expect((await rig.call(["agents", "check", "claude"], { env })).document).toMatchObject({
      data: { ok: false, agents: [{ ok: false, problems: [{ message: "no login was found" }] }] }
    })
    const keyed = await rig.call(["agents", "check"], {
      env: { ...env, ANTHROPIC_API_KEY: "sk-ant-secret" }
    })
    expect(keyed.document).toMatchObject({
      data: {
        ok: true,
        agents: [
          { agent: "claude", ok: true, auth: { status: "found", where: "ANTHROPIC_API_KEY" } }
        ]
      }
    })
    expect(keyed.stdout).not.toContain("sk-ant-secret")
    expect(await rig.refusal(["agents", "check", "clade"], { env })).toMatchObject({
      type: "CommandInputError",
      details: { hint: "Did you mean claude?" }
    })
  })

  test("warn about an agent without permission checks, even before it is installed", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "agents.claude.permissionMode", value: "full" })
    const { checks } = await rig.data("doctor")
    expect(JSON.stringify(checks)).toMatch(
      /"name":"agent claude","status":"warn","message":"[^"]*turns all its permission checks off/u
    )
  })

  test("ask a person on a terminal for the default agent", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    agents.answer("codex", "success")
    const shown = await onTerminal(rig, ["init"], {
      env: { ...agents.env, HOME: rig.scratch },
      typed: "2\n"
    })
    for (const part of [
      "1. claude",
      "2. codex",
      "3. gemini     not installed: npm install",
      '"defaultAgent":"codex"'
    ])
      expect(shown).toContain(part)
    expect(await rig.data("config show")).toMatchObject({ config: { defaultAgent: "codex" } })
    // Who types nothing keeps it.
    expect(
      await onTerminal(rig, ["init"], { env: { ...agents.env, HOME: rig.scratch }, typed: "\n" })
    ).toContain('"defaultAgent":"codex"')
  })

  test("treat Ctrl+D as no answer, and change nothing", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const shown = await onTerminal(rig, ["init"], {
      env: { ...agents.env, HOME: rig.scratch },
      typed: "\u0004"
    })
    expect(shown).toContain(
      '"type":"CommandInputError","message":"no agent was chosen; nothing was changed"'
    )
    expect(await rig.data("config show")).toMatchObject({ config: { defaultAgent: null } })
  })

  test("store the default agent", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    expect(await rig.refusal(["init"], { env: agents.env })).toMatchObject({
      type: "AgentUnavailable",
      message: "no agent is installed"
    })
    agents.answer("claude", "success")
    agents.answer("codex", "success")
    expect(await rig.refusal(["init"], { env: agents.env })).toMatchObject({
      type: "CommandInputError",
      message: "agent: is missing, and several agents are installed: claude, codex"
    })
    expect(await rig.refusal(["init", "gemini"], { env: agents.env })).toMatchObject({
      type: "AgentUnavailable"
    })
    expect(
      (await rig.call(["init", '{"agent":"codex"}'], { env: agents.env })).document
    ).toMatchObject({ data: { defaultAgent: "codex", agent: { default: true } } })
    expect(await prompted(rig, agents, { id: "x" })).toMatchObject({
      task: { agent: "codex", status: "completed" }
    })
    expect(readFileSync(join(rig.home, "config.json"), "utf8")).toContain('"defaultAgent": "codex"')
  })
})
