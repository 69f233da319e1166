/** --human: tables for people. */
import { describe, expect, test } from "bun:test"
import { FakeAgents } from "../agent/FakeAgents.ts"
import { Rig } from "../Rig.ts"

const hidden = {
  ANTHROPIC_API_KEY: undefined,
  CLAUDE_CODE_OAUTH_TOKEN: undefined,
  ANTHROPIC_AUTH_TOKEN: undefined
}

describe("a table of tasks", () => {
  test("shows a prompt by agent and first line, cut like commands, or by its name", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    const first = `Mend the\u001btests of ${"x".repeat(80)}`
    const call = (payload: unknown) =>
      rig.call(["start", JSON.stringify(payload), "--wait"], { env: agents.env })
    await call({ id: "long", agent: "claude", prompt: `\n${first}\nand more` })
    await call({ id: "named", name: "the docs", agent: "claude", prompt: "Write the docs." })
    await rig.call(
      [
        "pipeline",
        "create",
        JSON.stringify({
          id: "release",
          steps: [{ command: "true" }, { agent: "claude", prompt: "Ship it." }]
        }),
        "--wait"
      ],
      { env: agents.env }
    )
    const list = (await rig.call(["list", "--human"])).stdout
    const cut = `claude: Mend the tests of ${"x".repeat(33)}…`
    expect(cut).toHaveLength(60)
    expect(list.split("\n").find((line) => line.startsWith("long "))).toEndWith(`  ${cut}`)
    expect(list.split("\n").find((line) => line.startsWith("named "))).toEndWith("  the docs")
    expect((await rig.call(["status", "long", "--human"])).stdout).toEndWith(`  ${cut}\n`)
    expect((await rig.call(["pipeline", "get", "release", "--human"])).stdout).toEndWith(
      "  claude: Ship it.\n"
    )
  })
})

describe("the tables of several ids", () => {
  test("contain tasks and pipelines, and unknown ids are listed", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "one", command: "true" }, ["--wait"])
    await rig.data("pipeline create", { id: "release", steps: ["true", "true"] }, ["--wait"])
    const { stdout } = await rig.call(["status", '["one","release","none"]', "--human"])
    expect(stdout).toMatch(/^ID .*\none +completed .*\n\nID .*\nrelease +completed +2\/2 /u)
    expect(stdout).toEndWith("\nnot found: none\n")
  })
})

describe("a table of agents", () => {
  test("of `agents check` is followed by the problems of each", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    const { stdout } = await rig.call(["agents", "check", "claude", "--human"], {
      env: { ...agents.env, ...hidden, HOME: rig.scratch }
    })
    expect(stdout).toMatch(/^AGENT .*\nclaude +no /u)
    expect(stdout).toContain("\nclaude: claude is not installed, or not on PATH. ")
  })

  test("shows version, login, default and permission mode of each", async () => {
    await using rig = new Rig()
    const agents = new FakeAgents(rig.scratch)
    agents.answer("claude", "success")
    await rig.data("config set", { key: "agents.shout", value: { command: "echo" } })
    await rig.data("config set", { key: "agents.codex.permissionMode", value: "plan" })
    await rig.data("config set", { key: "defaultAgent", value: "claude" })
    const { stdout, exitCode } = await rig.call(["agents", "list", "--human"], {
      env: { ...agents.env, ...hidden, HOME: rig.scratch }
    })
    expect(exitCode).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.trimEnd().split(/ {2,}/u))
    ).toEqual([
      ["AGENT", "INSTALLED", "LOGIN", "DEFAULT", "PERMISSION MODE"],
      ["claude", "1.2.3 (claude)", "missing", "yes", "edit"],
      ["codex", "no", "missing", "-", "plan"],
      ["gemini", "no", "missing", "-", "edit"],
      ["opencode", "no", expect.stringMatching(/^(?:missing|unknown)$/u), "-", "edit"],
      ["shout", "yes", "unknown", "-", "-"]
    ])
  })
})

describe("logs for people", () => {
  test("are text on stdout, even if the text looks like a failure of backbeat", async () => {
    await using rig = new Rig()
    const line = '{"ok":false,"command":"deploy"}'
    await rig.data("start", { id: "t", command: "echo", args: [line] }, ["--wait"])
    expect(await rig.call(["logs", "t", "--human"])).toMatchObject({
      exitCode: 0,
      stdout: `${line}\n`,
      stderr: ""
    })
    expect((await rig.call(["logs", "none", "--human"])).stderr).toStartWith("TaskNotFound: ")
  })

  test("are text with timestamps and when they are large, and show the file of --output artifact", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", script: "seq 1 30000; echo done" }, ["--wait"])
    const all = (await rig.call(["logs", '{"id":"t","lines":100000}', "--human"])).stdout.split(
      "\n"
    )
    expect([all.length, all[0], all.at(-2)]).toEqual([30_002, "1", "done"])
    expect(
      (await rig.call(["logs", '{"id":"t","lines":1,"timestamps":true}', "--human"])).stdout
    ).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z done\n$/u)
    expect((await rig.call(["logs", "t", "--human", "--output", "artifact"])).stdout).toMatch(
      /^Showing .*\n\/.*\.log\n$/u
    )
  })
})

describe("text for people", () => {
  test("exists for every operation, with or without an engine", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo a; exit 3" }, ["--wait"])
    for (const line of [
      ["capabilities"],
      ["config", "show"],
      ["config", "path"],
      ["queue", "list"],
      ["doctor"],
      ["engine", "status"],
      ["events", '{"id":"x"}'],
      ["plan", '{"payload":{"command":"true"}}'],
      ["wait", "x"],
      ["engine", "stop"],
      ["engine", "status"]
    ]) {
      const { exitCode, stdout, stderr } = await rig.call([...line, "--human"])
      expect({ line, exitCode, stderr, isJson: /^[[{]/u.test(stdout) }).toEqual({
        line,
        exitCode: 0,
        stderr: "",
        isJson: false
      })
    }
  }, 20_000)

  test("shows times in the zone of its reader, and durations", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", stdin: "open", command: "cat" })
    const hourIn = async (TZ: string) =>
      /^x +running +1 +[\d.]+m?s +(\d\d):/mu.exec(
        (await rig.call(["status", "x", "--human"], { env: { TZ } })).stdout
      )?.[1]
    const [utc, tokyo] = [await hourIn("UTC"), await hourIn("Asia/Tokyo")]
    expect((Number(tokyo) - Number(utc) + 24) % 24).toBe(9)
  })

  test("shows instants in sentences in the zone of its reader too", async () => {
    await using rig = new Rig()
    const restart = { when: "on-failure", delayMs: 600_000 }
    await rig.data("start", [
      { id: "limited", stdin: "open", command: "cat", timeout: 86_400_000 },
      { id: "later", command: "true", delayMs: 86_400_000 }
    ])
    await rig.data("start", { id: "fails", command: "false", restart })
    await rig.data("start", { id: "done", command: "true" }, ["--wait"])
    const env = { TZ: "Asia/Tokyo" }
    for (const [line, sentence] of [
      [["why", "limited"], /^It times out at .*\(in 23 h\)\.$/mu],
      [["why", "later"], /may not start before .*\(in 23 h\)/u],
      [["why", "fails"], /^Attempt 2 starts at .*\(in 9 min\)\.$/mu],
      [["prune"], /will be removed on .*\(in \d+ d\)/u]
    ] as const) {
      const { stdout } = await rig.call([...line, "--human"], { env })
      expect(stdout).toMatch(sentence)
      expect(stdout).not.toMatch(/\dT\d\d:/u)
    }
  })

  test("has a column for memory if requested", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", stdin: "open", command: "cat" })
    const asked = await rig.call(["list", '{"resources":true}', "--human"])
    if (process.platform === "linux")
      expect(asked.stdout).toMatch(/ MEMORY .*\nx .* \d+(?:\.\d)? MiB /u)
    expect((await rig.call(["list", "--human"])).stdout).not.toContain("MEMORY")
  })

  test("of a stream is the lines themselves", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "echo a; echo b" }, ["--wait"])
    expect(await rig.call(["logs", "x", "--follow", "--human"])).toMatchObject({
      exitCode: 0,
      stdout: "a\nb\n",
      stderr: ""
    })
  })

  test("of a mistyped call has the line to type", async () => {
    await using rig = new Rig()
    expect((await rig.call(["start", '{"cmd":"ls"}', "--wait", "--human"])).stderr).toBe(
      'CommandInputError: unknown field cmd; did you mean command?\n  try: backbeat start \'{"command":"ls"}\' --wait\n'
    )
  })
})
