/** What goes on from an ended task: retry, resume, continueFrom, and why an agent ended. */
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { prompted } from "../agent/prompted.ts"
import { Rig } from "../Rig.ts"

const decodeUsed = Schema.decodeUnknownSync(
  Schema.Struct({
    task: Schema.Struct({
      id: Schema.String,
      result: Schema.Struct({ inputTokens: Schema.NullOr(Schema.Int) })
    })
  })
)

const decodeBegun = Schema.decodeUnknownSync(
  Schema.Struct({ task: Schema.Struct({ id: Schema.String }) })
)

describe("an agent that follows another task", () => {
  test("gets that task's checkpoint before its prompt, and its own checkpoint lists the file that it wrote", async () => {
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
    expect(await rig.task("wait", { id: "review" })).toMatchObject({
      status: "completed",
      continueFrom: "write",
      dependsOn: [{ task: "write", on: "success" }]
    })
    expect(await rig.data("status", { id: "write", checkpoint: true })).toMatchObject({
      checkpoint: {
        taskId: "write",
        status: "completed",
        git: { branch: "main", commit: null, dirty: ["made.txt"], dirtyCount: 1 },
        result: { text: "The file is written." }
      }
    })
    const prompt = agents.prompt("codex")
    for (const part of ["Write a file.", "The file is written.", "made.txt", "branch main"])
      expect(prompt).toContain(part)
    expect(prompt).toEndWith("# Your task\n\nReview it.")
  })

  test("may follow a failed command, with its last lines", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await rig.data("start", {
      id: "tests",
      script: "echo 3 passed; echo parse.test.ts broke >&2; exit 1"
    })
    const payload = {
      id: "fix",
      prompt: "Fix it.",
      agent: "claude",
      continueFrom: "tests",
      dependsOn: [{ task: "tests", on: "failure" }]
    }
    await rig.call(["start", JSON.stringify(payload), "--wait"], { env: agents.env })
    expect(await rig.task("status", { id: "fix" })).toMatchObject({ status: "completed" })
    for (const part of ["it exited with code 1", "3 passed", "parse.test.ts broke"])
      expect(agents.prompt("claude")).toContain(part)
  })
})

describe("retry and resume", () => {
  test("create a new task from an ended one, with its parent and the first task of the chain", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "first",
      script: "echo $WHAT; exit 3",
      env: { WHAT: "kept" },
      tags: ["t"]
    })
    await rig.data("wait", { id: "first" })
    const second = await rig.task("retry", { id: "first" }, ["--wait"])
    expect(second).toMatchObject({
      status: "failed",
      exitCode: 3,
      retryOf: "first",
      parentTaskId: "first",
      tags: ["t"],
      attempt: 1
    })
    expect(await rig.data("logs", { id: second["id"] })).toMatchObject({ lines: ["kept"] })
    expect(await rig.task("retry", { id: second["id"] })).toMatchObject({
      retryOf: second["id"],
      parentTaskId: "first"
    })
    expect(await rig.task("status", { id: "first" })).toMatchObject({ retryOf: null, attempt: 1 })
  })

  test("are rejected for live or unknown tasks, and resume for tasks without an agent", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "runs", command: "cat", stdin: "open" },
      { id: "done", command: "true" },
      { id: "forgot", command: "true", forgetEnv: true }
    ])
    await rig.data("wait", { ids: ["done", "forgot"] })
    expect(await rig.refusal(["retry", "runs"])).toMatchObject({
      type: "IllegalTransition",
      message: "task runs is running; only ended tasks can be retried"
    })
    expect(await rig.refusal(["resume", "runs"])).toMatchObject({ type: "IllegalTransition" })
    expect(await rig.refusal(["retry", "none"])).toMatchObject({ type: "TaskNotFound" })
    expect(await rig.refusal(["resume", "done"])).toMatchObject({
      type: "IllegalTransition",
      message: "task done is a command; only agent tasks can be resumed",
      details: { hint: "Use retry to run it again." }
    })
    expect(await rig.refusal(["retry", "forgot"])).toMatchObject({
      type: "IllegalTransition",
      message: expect.stringContaining("forgetEnv")
    })
  })

  test("resume continues the agent's session with the new text, and counts only the new usage", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "resume-first")
    const first = await prompted(rig, agents, { id: "first", agent: "codex" })
    expect(first).toMatchObject({ task: { result: { inputTokens: 100 } } })
    agents.answer("codex", "resume")
    const { document } = await rig.call(
      ["resume", '{"id":"first","additionalContext":"And now?","full":true}', "--wait"],
      { env: agents.env }
    )
    expect(document).toMatchObject({
      data: {
        task: {
          status: "completed",
          retryOf: "first",
          result: { inputTokens: 100, outputTokens: 10 }
        }
      }
    })
    expect(agents.prompt("codex")).toBe("And now?")
    expect(agents.args("codex")).toContain("resume")
  })

  test("resume counts only its own usage, even if another task used the session meanwhile", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("codex", "resume-first")
    await prompted(rig, agents, { id: "first", agent: "codex" })
    const used = async (sum: number, operation: string, id: string) => {
      agents.answer(
        "codex",
        "resume",
        `sed 's/"input_tokens":200,/"input_tokens":${sum},/' '${agents.recorded("codex", "resume")}'; exit 0`
      )
      const { document } = await rig.call(
        [operation, JSON.stringify({ id, full: true }), "--wait"],
        { env: agents.env }
      )
      return decodeUsed(document["data"]).task
    }
    const second = await used(200, "resume", "first")
    const numbers = [
      second.result.inputTokens,
      (await used(300, "retry", second.id)).result.inputTokens
    ]
    numbers.push(
      (await used(450, "restart", second.id)).result.inputTokens,
      (await used(460, "resume", "first")).result.inputTokens
    )
    expect(numbers).toEqual([100, 100, 150, 10])
  })

  test("two concurrent resumes of a session each count their own usage", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    // Other tests may use the processor all the time, and the second agent would never start.
    await rig.data("config set", { key: "cpuThreshold", value: 100 })
    agents.answer("codex", "resume-first")
    await prompted(rig, agents, { id: "first", agent: "codex" })
    agents.answer("codex", "resume", 'read go <"$GATE"')
    const gates = [join(rig.scratch, "one"), join(rig.scratch, "two")]
    await Bun.spawn(["mkfifo", ...gates]).exited
    const begun: Array<string> = []
    for (const GATE of gates) {
      const { document } = await rig.call(
        ["resume", JSON.stringify({ id: "first", env: { GATE } })],
        { env: agents.env }
      )
      const { id } = decodeBegun(document["data"]).task
      begun.push(id)
      await rig.data("wait", { id, for: "start" })
    }
    for (const [index, gate] of gates.entries()) {
      await Bun.spawn(["/bin/sh", "-c", 'echo go >"$0"', gate]).exited
      expect(await rig.task("wait", { id: begun[index] })).toMatchObject({
        status: "completed",
        result: { inputTokens: 100 }
      })
    }
  })

  test("resume without a session starts again with the checkpoint before the prompt", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("gemini", "success", "echo it broke >&2; exit 1")
    await prompted(rig, agents, { id: "first", agent: "gemini" })
    expect(
      await rig.refusal(["resume", '{"id":"first","session":"continue"}'], { env: agents.env })
    ).toMatchObject({
      type: "IllegalTransition",
      message: "task first has no agent session to continue"
    })
    agents.answer("gemini", "success")
    await rig.call(["resume", '{"id":"first","additionalContext":"Be careful."}', "--wait"], {
      env: agents.env
    })
    const prompt = agents.prompt("gemini")
    for (const part of ["Task first (failed", "it broke", "# Your task\n\nDo it."])
      expect(prompt).toContain(part)
    expect(prompt).toEndWith("# New instructions\n\nBe careful.")
    expect(
      await rig.refusal([
        "resume",
        JSON.stringify({ id: "first", additionalContext: "x".repeat(4001) })
      ])
    ).toMatchObject({ type: "CommandInputError" })
  })
})

describe("a repeated task", () => {
  test("may use the caller's environment, or add to the stored one, and shows only names", async () => {
    await using rig = new Rig()
    await rig.call(["start", '{"id":"first","script":"echo key=$KEY"}', "--wait"], {
      env: { KEY: "wrong" }
    })
    const lines = async (args: ReadonlyArray<string>, env = {}) => {
      const { document } = await rig.call([...args, "--wait"], { env })
      const { task } = Schema.decodeUnknownSync(
        Schema.Struct({
          task: Schema.Struct({ id: Schema.String, envKeys: Schema.Array(Schema.String) })
        })
      )(document["data"])
      return [(await rig.data("logs", { id: task.id }))["lines"], task.envKeys]
    }
    expect(await lines(["retry", '{"id":"first","full":true}'], { KEY: "right" })).toEqual([
      ["key=wrong"],
      []
    ])
    expect(
      await lines(["retry", '{"id":"first","inheritEnv":true,"full":true}'], { KEY: "right" })
    ).toEqual([["key=right"], []])
    expect(await lines(["retry", '{"id":"first","env":{"KEY":"given"},"full":true}'])).toEqual([
      ["key=given"],
      ["KEY"]
    ])
  })

  test("of an agent may change its fields, and keeps them for later ones", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await prompted(rig, agents, { id: "first", agent: "claude", prompt: "Paint it." })
    const call = (payload: object) =>
      rig.call(["resume", JSON.stringify({ ...payload, full: true }), "--wait"], {
        env: agents.env
      })
    const { document } = await call({
      id: "first",
      additionalContext: "In blue.",
      model: "opus",
      maxTurns: 7
    })
    expect(document).toMatchObject({
      data: {
        task: { prompt: "Paint it.", additionalContext: "In blue.", model: "opus", maxTurns: 7 }
      }
    })
    const { task } = Schema.decodeUnknownSync(
      Schema.Struct({ task: Schema.Struct({ id: Schema.String }) })
    )(document["data"])
    await call({ id: task.id, additionalContext: "And big.", session: "new" })
    for (const part of ["In blue.", "Paint it.", "And big."])
      expect(agents.prompt("claude")).toContain(part)
    expect(
      await rig.refusal(["resume", '{"id":"first","effort":"minimal"}'], { env: agents.env })
    ).toMatchObject({ type: "CommandInputError", message: expect.stringMatching(/^effort: /u) })
  })
})

describe("why of an agent", () => {
  test("shows the hint of its failure, and its last output before it timed out", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "auth-401-final")
    await prompted(rig, agents, { id: "x", agent: "claude" })
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      next: "Log in with `claude auth login` and retry the task, or set a valid ANTHROPIC_API_KEY and retry it with inheritEnv true."
    })
    const events = join(
      import.meta.dir,
      "../../../../packages/agents/test/recorded/claude/tool-call.stdout"
    )
    agents.answer("claude", "success", `head -n 4 '${events}'; sleep 60`)
    await prompted(rig, agents, { id: "y", agent: "claude", timeout: 1000 })
    const { because } = await rig.data("why", { id: "y" })
    expect(because).toContainEqual({
      what: expect.stringMatching(/^the last output of claude: /u),
      since: expect.any(String)
    })
  })

  test("does not retry a rejected login", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "auth-401-final")
    expect(
      await prompted(rig, agents, { agent: "claude", restart: { when: "on-failure", delayMs: 0 } })
    ).toMatchObject({ task: { status: "failed", attempt: 1 } })
  })
})
