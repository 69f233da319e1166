/** Agent tasks: how the agent is called, what becomes of what it says, and what is refused. The agents print what real ones printed. */
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { onTerminal } from "../calling/onTerminal.ts"
import { Rig } from "../Rig.ts"

const prompted = async (rig: Rig, agents: FakeAgents, payload: object) => {
  const called = await rig.call(["start", JSON.stringify({ prompt: "Do it.", ...payload }), "--wait"], { env: agents.env })
  return called.document["data"]
}

describe("an agent task", () => {
  test.each([
    ["claude", ["-p", "--permission-mode", "acceptEdits"]],
    ["codex", ["-a", "never", "exec", "-s", "workspace-write", "--json", "-"]],
    ["gemini", ["--approval-mode", "auto_edit"]],
    ["opencode", ["run", "--format", "json"]]
  ])("of %s gets its prompt on standard input, may edit, and has the result that the agent told", async (agent, flags) => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer(agent, "success")
    expect(await prompted(rig, agents, { id: "x", agent, prompt: "-- Say\nwhat 'is' so." })).toMatchObject({
      task: {
        kind: "prompt",
        status: "completed",
        agent,
        prompt: "-- Say\nwhat 'is' so.",
        queue: "agents",
        timeout: 1_800_000,
        permissionMode: "edit",
        result: { text: "Everything is fine.", isError: false, sessionId: expect.any(String), inputTokens: expect.any(Number) }
      }
    })
    expect(agents.prompt(agent)).toBe("-- Say\nwhat 'is' so.")
    for (const flag of flags) expect(agents.args(agent)).toContain(flag)
    expect(agents.args(agent).join("\n")).not.toContain("what 'is' so")
    expect(await rig.data("logs", { id: "x", stream: "stdout" })).toMatchObject({ lines: ["Everything is fine."] })
    const { lines } = await rig.data("logs", { id: "x", raw: true })
    expect(String(lines)).toContain('"type":')
  })

  test("shows each tool call as one line of its log, keeps the events, and both are for their owner alone", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "tool-call")
    await prompted(rig, agents, { id: "x", agent: "claude" })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: [expect.stringMatching(/^> Write: \S+$/u), "The file is written."] })
    const folder = join(rig.home, "tasks", "x", "1")
    for (const name of ["stdout.log", "stdin.txt", "text/stdout.log"]) {
      expect([name, (statSync(join(folder, name)).mode & 0o777).toString(8)]).toEqual([name, "600"])
    }
    expect(statSync(join(folder, "text")).mode & 0o777).toBe(0o700)
  })

  test("passes on model, effort, system prompt, caps and output schema, and gives the structured result", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "structured")
    const given = { model: "opus", effort: "high", systemPrompt: "Be brief.", maxTurns: 3, maxCostUsd: 0.5, outputSchema: { type: "object" }, permissionMode: "plan" }
    const answer = await prompted(rig, agents, { id: "x", agent: "claude", ...given })
    expect(answer).toMatchObject({ task: { status: "completed", ...given, result: { structured: expect.anything() } } })
    const args = agents.args("claude")
    for (const each of ["opus", "high", "3", "0.5", '{"type":"object"}', "plan"]) expect(args).toContain(each)
  })

  test.each([
    ["claude", "auth-401-final", "auth"],
    ["claude", "rate-limit-429-final", "rate_limit"],
    ["claude", "max-turns", "limit"],
    ["codex", "auth-401", "auth"],
    ["codex", "error-400", "error"],
    ["gemini", "auth-401", "auth"],
    ["opencode", "auth-401", "auth"]
  ])("of %s that ends with %s has failed with the kind %s and a hint, whatever its exit code", async (agent, recording, kind) => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer(agent, recording)
    expect(await prompted(rig, agents, { id: "x", agent })).toMatchObject({
      task: { status: "failed", failure: { type: "AgentError", kind, message: expect.stringMatching(/./u), hint: expect.stringMatching(/./u) } }
    })
    expect(await rig.data("why", { id: "x" })).toMatchObject({ because: [{ what: expect.stringContaining("it was an agent that ended with an error: ") }, {}] })
  })

  test("that ends with exit code 0 and says nothing has not completed", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success", "exit 0")
    expect(await prompted(rig, agents, { agent: "claude" })).toMatchObject({ task: { status: "failed", exitCode: 0, failure: { type: "AgentError", kind: "no_result" } } })
  })

  test("is followed as it speaks, and its session is kept though it is stopped in mid-turn", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    // It prints everything but its result, and then waits.
    const events = join(import.meta.dir, "../../../../packages/agents/test/recorded/claude/tool-call.stdout")
    agents.answer("claude", "success", `head -n 4 '${events}'; sleep 60`)
    await rig.call(["start", '{"id":"x","prompt":"p","agent":"claude"}'], { env: agents.env })
    await rig.data("wait", { id: "x", for: { log: "> Write" } })
    expect(await rig.task("stop", { id: "x" })).toMatchObject({ status: "cancelled", result: { sessionId: expect.any(String) } })
    agents.answer("claude", "resume")
    const { stdout } = await rig.call(["resume", "x", "--wait"], { env: agents.env })
    expect(JSON.parse(stdout)).toMatchObject({ data: { task: { status: "completed", retryOf: "x" } } })
    expect(agents.args("claude")).toContain("--resume")
  })

  test("has its result though the engine is killed while it works, or when it has ended", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    const gate = join(rig.scratch, "gate")
    await Bun.spawn(["mkfifo", gate]).exited
    agents.answer("claude", "tool-call", `read line < ${gate}`)
    await rig.call(["start", '{"id":"x","prompt":"p","agent":"claude"}'], { env: agents.env })
    await rig.killEngine()
    await Bun.write(gate, "go\n")
    expect(await rig.task("wait", { id: "x" })).toMatchObject({ status: "completed", result: { text: "The file is written." } })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ totalLines: 2 })
  })

  test("does not get the marks of the caller's own agent, but those of its task", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = { ...agents.env, CLAUDECODE: "1", CLAUDE_CODE_SESSION_ID: "s", CLAUDE_CONFIG_DIR: "/c", CODEX_THREAD_ID: "t" }
    await rig.call(["start", '{"prompt":"p","agent":"claude"}', "--wait"], { env })
    expect(agents.variables("claude")).toEqual(expect.arrayContaining(["CLAUDE_CONFIG_DIR", "BACKBEAT_TASK_ID", "BACKBEAT_HOME"]))
    for (const mark of ["CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID"]) expect(agents.variables("claude")).not.toContain(mark)
  })

  test("of an agent of the configuration is called by its template, and its output is its result", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "agents.shout", value: { command: "/bin/echo", args: ["now:", "{prompt}"], env: { SECRET: "s3cret" } } })
    expect(await rig.task("start", { id: "x", prompt: "hear; me", agent: "shout" }, ["--wait"])).toMatchObject({
      status: "completed",
      result: { text: "now: hear; me", sessionId: null, costUsd: null }
    })
    await rig.data("config set", { key: "agents.cat", value: { command: "cat" } })
    expect(await rig.task("start", { id: "y", prompt: "on stdin", agent: "cat" }, ["--wait"])).toMatchObject({ result: { text: "on stdin" } })
    expect(JSON.stringify(await rig.data("config show"))).not.toContain("s3cret")
  })
})

describe("a prompt that cannot be given to an agent", () => {
  test("is refused: the agent is missing, unknown, not installed, or cannot honour a field", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "success")
    const refusal = (payload: object) => rig.refusal(["start", JSON.stringify(payload)], { env: agents.env })
    expect(await refusal({ prompt: "p" })).toMatchObject({ type: "CommandInputError", message: expect.stringMatching(/^agent: is missing/u) })
    expect(await refusal({ prompt: "p", agent: "codx" })).toMatchObject({ type: "CommandInputError", details: { hint: "Did you mean codex?" } })
    expect(await refusal({ prompt: "p", agent: "claude" })).toMatchObject({
      type: "AgentUnavailable",
      details: { agent: "claude", hint: "Install it: npm install -g @anthropic-ai/claude-code", retryable: false }
    })
    expect(await refusal({ prompt: "p", agent: "codex", maxTurns: 3 })).toMatchObject({ type: "CommandInputError", message: expect.stringMatching(/^maxTurns: /u) })
    expect(await refusal({ prompt: "p", agent: "codex", stdin: "x" })).toMatchObject({ message: expect.stringMatching(/^stdin: /u) })
    expect(await refusal({ prompt: "p", agent: "codex", command: "x" })).toMatchObject({ message: "prompt: cannot be given together with command" })
    expect(await refusal({ command: "x", model: "opus" })).toMatchObject({ message: "model: goes with prompt" })
    expect(await refusal({ command: "x", continueFrom: "y" })).toMatchObject({ message: "continueFrom: goes with prompt" })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
    expect(existsSync(join(rig.home, "tasks"))).toBe(false)
  })

  test("keeps nothing else from starting", async () => {
    await using rig = new Rig()
    const called = await rig.call(["start", '[{"id":"a","prompt":"p","agent":"claude"},{"id":"b","command":"true"}]'], { env: { PATH: "/usr/bin:/bin" } })
    expect(called.document).toMatchObject({ data: { results: [{ ok: false, error: { type: "AgentUnavailable" } }, { ok: true }] } })
  })
})

describe("an agent that follows another task", () => {
  test("gets what that left before its prompt, and its checkpoint names the file that it wrote", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    const repo = join(rig.scratch, "repo")
    await Bun.spawn(["git", "init", "-q", "-b", "main", repo]).exited
    agents.answer("claude", "tool-call", "echo made > made.txt")
    agents.answer("codex", "success")
    const payload = [
      { id: "write", prompt: "Write a file.", agent: "claude", cwd: repo },
      { id: "review", prompt: "Review it.", agent: "codex", cwd: repo, continueFrom: "write" }
    ]
    await rig.call(["start", JSON.stringify(payload)], { env: agents.env })
    expect(await rig.task("wait", { id: "review" })).toMatchObject({ status: "completed", continueFrom: "write", dependsOn: [{ task: "write", on: "success" }] })
    expect(await rig.data("status", { id: "write", checkpoint: true })).toMatchObject({
      checkpoint: { taskId: "write", status: "completed", git: { branch: "main", commit: null, dirty: ["made.txt"], dirtyCount: 1 }, result: { text: "The file is written." } }
    })
    const prompt = agents.prompt("codex")
    for (const part of ["Write a file.", "The file is written.", "made.txt", "branch main"]) expect(prompt).toContain(part)
    expect(prompt).toEndWith("# Your task\n\nReview it.")
  })

  test("may be a command that failed, with its last lines", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await rig.data("start", { id: "tests", script: "echo 3 passed; echo parse.test.ts broke >&2; exit 1" })
    const payload = { id: "fix", prompt: "Fix it.", agent: "claude", continueFrom: "tests", dependsOn: [{ task: "tests", on: "failure" }] }
    await rig.call(["start", JSON.stringify(payload), "--wait"], { env: agents.env })
    expect(await rig.task("status", { id: "fix" })).toMatchObject({ status: "completed" })
    for (const part of ["it exited with code 1", "3 passed", "parse.test.ts broke"]) expect(agents.prompt("claude")).toContain(part)
  })
})

describe("retry and resume", () => {
  test("make a new task of an ended one, which names its parent and the first of the chain", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "first", script: "echo $WHAT; exit 3", env: { WHAT: "kept" }, tags: ["t"] })
    await rig.data("wait", { id: "first" })
    const second = await rig.task("retry", { id: "first" }, ["--wait"])
    expect(second).toMatchObject({ status: "failed", exitCode: 3, retryOf: "first", parentTaskId: "first", tags: ["t"], attempt: 1 })
    expect(await rig.data("logs", { id: second["id"] })).toMatchObject({ lines: ["kept"] })
    expect(await rig.task("retry", { id: second["id"] })).toMatchObject({ retryOf: second["id"], parentTaskId: "first" })
    expect(await rig.task("status", { id: "first" })).toMatchObject({ retryOf: null, attempt: 1 })
  })

  test("are refused for what has not ended, what is not there, and what no agent did", async () => {
    await using rig = new Rig()
    await rig.data("start", [{ id: "runs", command: "cat", stdin: "open" }, { id: "done", command: "true" }, { id: "forgot", command: "true", forgetEnv: true }])
    await rig.data("wait", { ids: ["done", "forgot"] })
    expect(await rig.refusal(["retry", "runs"])).toMatchObject({ type: "IllegalTransition", message: "task runs is running: only what has ended can be retried" })
    expect(await rig.refusal(["resume", "runs"])).toMatchObject({ type: "IllegalTransition" })
    expect(await rig.refusal(["retry", "none"])).toMatchObject({ type: "TaskNotFound" })
    expect(await rig.refusal(["resume", "done"])).toMatchObject({ type: "IllegalTransition", message: "task done is a command: only what an agent does can be resumed", details: { hint: "Use retry to run it again." } })
    expect(await rig.refusal(["retry", "forgot"])).toMatchObject({ type: "IllegalTransition", message: expect.stringContaining("forgetEnv") })
  })

  test("resume goes on in the agent's own session with what is new, and counts only what was used since", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "resume-first")
    const first = await prompted(rig, agents, { id: "first", agent: "codex" })
    expect(first).toMatchObject({ task: { result: { inputTokens: 100 } } })
    agents.answer("codex", "resume")
    const { document } = await rig.call(["resume", '{"id":"first","additionalContext":"And now?"}', "--wait"], { env: agents.env })
    expect(document).toMatchObject({ data: { task: { status: "completed", retryOf: "first", result: { inputTokens: 100, outputTokens: 10 } } } })
    expect(agents.prompt("codex")).toBe("And now?")
    expect(agents.args("codex")).toContain("resume")
  })

  test("resume without a session of its own begins anew with the checkpoint before the prompt", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("gemini", "success", "echo it broke >&2; exit 1")
    await prompted(rig, agents, { id: "first", agent: "gemini" })
    expect(await rig.refusal(["resume", '{"id":"first","session":"continue"}'], { env: agents.env })).toMatchObject({ type: "IllegalTransition", message: "task first has no session of its agent's own to continue" })
    agents.answer("gemini", "success")
    await rig.call(["resume", '{"id":"first","additionalContext":"Be careful."}', "--wait"], { env: agents.env })
    const prompt = agents.prompt("gemini")
    for (const part of ["Task first (failed", "it broke", "# Your task\n\nDo it."]) expect(prompt).toContain(part)
    expect(prompt).toEndWith("# New instructions\n\nBe careful.")
    expect(await rig.refusal(["resume", JSON.stringify({ id: "first", additionalContext: "x".repeat(4001) })])).toMatchObject({ type: "CommandInputError" })
  })
})

describe("a repetition", () => {
  test("may take the environment of now, or add to the one before, and says so by names only", async () => {
    await using rig = new Rig()
    await rig.call(["start", '{"id":"first","script":"echo key=$KEY"}', "--wait"], { env: { KEY: "wrong" } })
    const lines = async (args: ReadonlyArray<string>, env = {}) => {
      const { document } = await rig.call([...args, "--wait"], { env })
      const { task } = Schema.decodeUnknownSync(Schema.Struct({ task: Schema.Struct({ id: Schema.String, envKeys: Schema.Array(Schema.String) }) }))(document["data"])
      return [(await rig.data("logs", { id: task.id }))["lines"], task.envKeys]
    }
    expect(await lines(["retry", "first"], { KEY: "right" })).toEqual([["key=wrong"], []])
    expect(await lines(["retry", '{"id":"first","inheritEnv":true}'], { KEY: "right" })).toEqual([["key=right"], []])
    expect(await lines(["retry", '{"id":"first","env":{"KEY":"given"}}'])).toEqual([["key=given"], ["KEY"]])
  })

  test("of an agent may ask in another way, and keeps what it was told for those that come after", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await prompted(rig, agents, { id: "first", agent: "claude", prompt: "Paint it." })
    const call = (payload: object) => rig.call(["resume", JSON.stringify(payload), "--wait"], { env: agents.env })
    const { document } = await call({ id: "first", additionalContext: "In blue.", model: "opus", maxTurns: 7 })
    expect(document).toMatchObject({ data: { task: { prompt: "Paint it.", additionalContext: "In blue.", model: "opus", maxTurns: 7 } } })
    const { task } = Schema.decodeUnknownSync(Schema.Struct({ task: Schema.Struct({ id: Schema.String }) }))(document["data"])
    await call({ id: task.id, additionalContext: "And big.", session: "new" })
    for (const part of ["In blue.", "Paint it.", "And big."]) expect(agents.prompt("claude")).toContain(part)
    expect(await rig.refusal(["resume", '{"id":"first","effort":"minimal"}'], { env: agents.env })).toMatchObject({ type: "CommandInputError", message: expect.stringMatching(/^effort: /u) })
  })
})

describe("why of an agent", () => {
  test("tells the hint of its failure, and what it said last before its time was over", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "auth-401-final")
    await prompted(rig, agents, { id: "x", agent: "claude" })
    expect(await rig.data("why", { id: "x" })).toMatchObject({ next: "Log in with `claude auth login` and retry the task; or set a valid ANTHROPIC_API_KEY and retry it with inheritEnv true." })
    const events = join(import.meta.dir, "../../../../packages/agents/test/recorded/claude/tool-call.stdout")
    agents.answer("claude", "success", `head -n 4 '${events}'; sleep 60`)
    await prompted(rig, agents, { id: "y", agent: "claude", timeout: 1000 })
    const { because } = await rig.data("why", { id: "y" })
    expect(because).toContainEqual({ what: expect.stringMatching(/^the last that claude said: /u), since: expect.any(String) })
  })

  test("is not asked again and again for a login that is refused", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "auth-401-final")
    expect(await prompted(rig, agents, { agent: "claude", restart: { when: "on-failure", delayMs: 0 } })).toMatchObject({ task: { status: "failed", attempt: 1 } })
  })
})

describe("agents and init", () => {
  test("tell which agents are here, and what keeps one from working", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const env = { ...agents.env, HOME: rig.scratch, ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: undefined, ANTHROPIC_AUTH_TOKEN: undefined }
    expect((await rig.call(["agents", "list"], { env })).document).toMatchObject({
      data: {
        agents: [
          { agent: "claude", installed: true, version: "1.2.3 (claude)", path: join(agents.folder, "claude"), default: false, auth: { status: "missing" } },
          { agent: "codex", installed: false, version: null, path: null },
          { agent: "gemini", installed: false },
          { agent: "opencode", installed: false }
        ]
      }
    })
    expect((await rig.call(["agents", "check", "claude"], { env })).document).toMatchObject({ data: { ok: false, agents: [{ ok: false, problems: [{ message: "no login is to be seen" }] }] } })
    const keyed = await rig.call(["agents", "check"], { env: { ...env, ANTHROPIC_API_KEY: "sk-ant-secret" } })
    expect(keyed.document).toMatchObject({ data: { ok: true, agents: [{ agent: "claude", ok: true, auth: { status: "found", where: "ANTHROPIC_API_KEY" } }] } })
    expect(keyed.stdout).not.toContain("sk-ant-secret")
    expect(await rig.refusal(["agents", "check", "clade"], { env })).toMatchObject({ type: "CommandInputError", details: { hint: "Did you mean claude?" } })
  })

  test("ask a person on a terminal which agent is to be the default", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    agents.answer("codex", "success")
    const shown = await onTerminal(rig, ["init"], { env: { ...agents.env, HOME: rig.scratch }, typed: "2\n" })
    for (const part of ["1. claude", "2. codex", "3. gemini     not installed: npm install", '"defaultAgent": "codex"']) expect(shown).toContain(part)
    expect(await rig.data("config show")).toMatchObject({ config: { defaultAgent: "codex" } })
  })

  test("choose the default agent for good", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    expect(await rig.refusal(["init"], { env: agents.env })).toMatchObject({ type: "AgentUnavailable", message: "no agent is installed" })
    agents.answer("claude", "success")
    agents.answer("codex", "success")
    expect(await rig.refusal(["init"], { env: agents.env })).toMatchObject({ type: "CommandInputError", message: "agent: is missing, and several are installed: claude, codex" })
    expect(await rig.refusal(["init", "gemini"], { env: agents.env })).toMatchObject({ type: "AgentUnavailable" })
    expect((await rig.call(["init", '{"agent":"codex"}'], { env: agents.env })).document).toMatchObject({ data: { defaultAgent: "codex", agent: { default: true } } })
    expect(await prompted(rig, agents, { id: "x" })).toMatchObject({ task: { agent: "codex", status: "completed" } })
    expect(readFileSync(join(rig.home, "config.json"), "utf8")).toContain('"defaultAgent": "codex"')
  })
})
