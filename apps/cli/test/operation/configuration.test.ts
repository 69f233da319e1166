/** What a configuration may not hold: told by path, at config set and of a file that was edited by hand. */
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const agentKeys = "command, args, env, model, effort, permissionMode"
const aName =
  "expected the name of an agent: 1 to 64 characters of A-Z a-z 0-9 . _ - that start with a letter or digit"
const builtIn = "is missing; only claude, codex, gemini, opencode need no command"

describe("config set", () => {
  test("rejects what would be dropped, with its path and the known keys", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "agents.mybot", value: { command: "mybot" } })
    const path = join(rig.home, "config.json")
    const before = readFileSync(path, "utf8")
    for (const [key, value, message] of [
      [
        "agents.claude.modle",
        "x",
        `key: agents.claude.modle: unknown key; did you mean model? known: ${agentKeys}`
      ],
      [
        "agents.mybot",
        { comand: "mybot" },
        `value: agents.mybot.comand: unknown key; did you mean command? known: ${agentKeys}`
      ],
      [
        "queues.builds.concurrncy",
        2,
        "key: queues.builds.concurrncy: unknown key; did you mean concurrency? known: concurrency"
      ],
      ["queues.builds", {}, "value: queues.builds.concurrency: is missing"],
      ["agents", { "my bot": { command: "x" } }, `value: agents["my bot"]: ${aName}`],
      [
        "agents",
        { ["x".repeat(65)]: { command: "x" } },
        `value: agents["${"x".repeat(64)}…"]: ${aName}`
      ],
      ["agents.other.model", "x", `value: agents.other.command: ${builtIn}`],
      ["agents.mybot.command", undefined, `value: agents.mybot.command: ${builtIn}`],
      ["defaultAgent", "clade", "value: unknown agent: clade; did you mean claude?"]
    ] as const) {
      const payload = JSON.stringify(value === undefined ? { key } : { key, value })
      const args = ["config", value === undefined ? "reset" : "set", payload]
      if (key === "agents.mybot.command")
        writeFileSync(path, before.replace('"mybot"\n', '"mybot",\n"args": []\n'))
      expect(await rig.refusal(args)).toMatchObject({ type: "CommandInputError", message })
      writeFileSync(path, before)
    }
    expect(await rig.data("config set", { key: "defaultAgent", value: "mybot" })).toMatchObject({
      config: { defaultAgent: "mybot" }
    })
    expect(
      await rig.data("config set", { key: "agents.claude.model", value: "opus" })
    ).toMatchObject({
      config: { agents: { mybot: { command: "mybot" }, claude: { model: "opus" } } }
    })
  })

  test("shows only the beginning of long values", async () => {
    await using rig = new Rig()
    const long = "x".repeat(200_000)
    const deep = "a.".repeat(100_000)
    for (const [key, value, message] of [
      [long, 1, `key: unknown key ${"x".repeat(64)}…`],
      [deep, 1, `key: unknown key ${"a.".repeat(32)}…`],
      [
        `agents.claude.${long}`,
        1,
        `key: agents.claude["${"x".repeat(64)}…"]: unknown key; known: ${agentKeys}`
      ],
      [`agents.${deep}b`, 1, `key: agents.a.a: unknown key; known: ${agentKeys}`],
      [
        "defaultAgent",
        long,
        `value: unknown agent: ${"x".repeat(64)}…; known: claude, codex, gemini, opencode`
      ]
    ] as const) {
      const { exitCode, stderr, document } = await rig.call(["config", "set", "-"], {
        stdin: JSON.stringify({ key, value })
      })
      expect(exitCode).toBe(1)
      expect(document).toMatchObject({ error: { type: "CommandInputError", message } })
      expect(stderr.length).toBeLessThan(1000)
    }
  })

  test("reports wrong values in the words of payloads", async () => {
    await using rig = new Rig()
    for (const [key, value, message] of [
      ["cpuThreshold", "80", "value: expected a whole number from 1 to 100, got a string"],
      [
        "timeout",
        "x",
        "value: expected a whole number of milliseconds from 1000 to 86400000 or null, got a string"
      ],
      ["queues.builds", 2, "value: expected an object with concurrency, got a number"],
      [
        "agents.claude.args",
        ["a", 3],
        "value: agents.claude.args[1]: expected a string, got a number"
      ],
      ["agents.claude.model", "a\0b", "value: must not contain NUL bytes"],
      [
        "agents.claude.permissionMode",
        "ful",
        'value: expected one of "plan", "edit", "full"; did you mean "full"?'
      ],
      [
        "agents.claude.env",
        { "A=B": "x" },
        'value: agents.claude.env["A=B"]: the name of a variable must not be empty and must not contain = or NUL'
      ]
    ] as const) {
      expect(await rig.refusal(["config", "set", JSON.stringify({ key, value })])).toMatchObject({
        message,
        details: { path: "value" }
      })
    }
  })
})

describe("a file that was edited by hand", () => {
  test("loses only invalid values, which config show and doctor report", async () => {
    await using rig = new Rig()
    await rig.data("config show")
    const agents = {
      claude: { modle: "x", model: "opus" },
      codex: { args: ["a", 3], effort: "low" },
      bot: { model: "x" },
      "my bot": { command: "x" }
    }
    const path = join(rig.home, "config.json")
    writeFileSync(
      path,
      JSON.stringify({
        agents,
        queues: { builds: { concurrency: 2 }, tests: { concurrncy: 2 } },
        cpuThreshold: "80",
        maxDpth: 3
      })
    )
    const problems = [
      {
        key: "agents.claude.modle",
        message: `unknown key; did you mean model? known: ${agentKeys}`
      },
      { key: "agents.codex.args[1]", message: "expected a string, got a number" },
      { key: 'agents["my bot"]', message: aName },
      { key: "agents.bot.command", message: builtIn },
      {
        key: "queues.tests.concurrncy",
        message: "unknown key; did you mean concurrency? known: concurrency"
      },
      { key: "queues.tests.concurrency", message: "is missing" },
      { key: "cpuThreshold", message: "expected a whole number from 1 to 100, got a string" },
      {
        key: "maxDpth",
        message: expect.stringMatching(/^unknown key; did you mean maxDepth\? known: timeout, /u)
      }
    ]
    const shown = await rig.data("config show")
    expect(shown).toMatchObject({
      problems,
      sources: { agents: "file", queues: "file", cpuThreshold: "default" }
    })
    expect(shown["config"]).toMatchObject({ cpuThreshold: 80 })
    expect(Object(shown["config"])["agents"]).toEqual({
      claude: { model: "opus" },
      codex: { effort: "low" }
    })
    expect(Object(shown["config"])["queues"]).toEqual({ builds: { concurrency: 2 } })
    expect(JSON.stringify((await rig.data("doctor"))["checks"])).toContain(
      "agents.claude.modle: unknown key; did you mean model?"
    )
    expect(
      await rig.data("config set", { key: "agents.claude.effort", value: "high" })
    ).toMatchObject({
      config: { agents: { claude: { model: "opus", effort: "high" } } }
    })
    await rig.data("config reset", { key: "agents.claude.modle" })
    expect(await rig.data("config show")).toMatchObject({ problems: problems.slice(1) })
  })
})

describe("a setting that its agent does not support", () => {
  const mode = "slow does not support full, because its own settings decide; claude does"
  const unknown = "slow does not support it, because it is a custom agent; claude does"

  test("is rejected by config set, also for a built-in agent", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "agents.slow", value: { command: "cat" } })
    for (const [key, value, message] of [
      ["agents.slow.permissionMode", "full", `value: ${mode}`],
      ["agents.slow.model", "x", `value: ${unknown}`],
      ["agents.slow", { command: "cat", effort: "high" }, `value: agents.slow.effort: ${unknown}`],
      [
        "agents.gemini.effort",
        "high",
        "value: gemini does not support it; claude, codex and opencode do"
      ]
    ] as const) {
      expect(await rig.refusal(["config", "set", JSON.stringify({ key, value })])).toMatchObject({
        type: "CommandInputError",
        message
      })
    }
    await rig.data("config set", { key: "agents.slow.command", value: "true" })
  })

  test("is reported by every check if the file has it, and by the start that it prevents", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "agents.slow", value: { command: "cat" } })
    writeFileSync(
      join(rig.home, "config.json"),
      JSON.stringify({ agents: { slow: { command: "cat", permissionMode: "full" } } })
    )
    const key = "agents.slow.permissionMode"
    expect(await rig.data("config show")).toMatchObject({
      problems: [{ key, message: mode }],
      config: { agents: { slow: { permissionMode: "full" } } }
    })
    expect(JSON.stringify(await rig.data("doctor"))).toContain(`${key}: ${mode}`)
    const fix = `backbeat config reset ${key}`
    expect(await rig.data("agents check", { agent: "slow" })).toMatchObject({
      ok: false,
      agents: [
        {
          ok: false,
          problems: [{ message: `${key} in the configuration: ${mode}`, fix, serious: true }]
        }
      ]
    })
    const refused = { type: "CommandInputError", message: `${key} in the configuration: ${mode}` }
    const start = { id: "x", prompt: "x", agent: "slow" }
    expect(await rig.refusal(["start", JSON.stringify(start)])).toMatchObject({
      ...refused,
      try: { operation: "config reset", payload: { key } },
      details: { key }
    })
    expect(
      await rig.refusal(["start", JSON.stringify({ ...start, permissionMode: "full" })])
    ).toMatchObject({ message: `permissionMode: ${mode}` })
    expect(
      await rig.data("config set", { key: "agents.slow.command", value: "true" })
    ).toMatchObject({ key: "agents.slow.command" })
    await rig.data("config reset", { key })
    expect(await rig.data("start", start, ["--wait"])).toMatchObject({ task: { agent: "slow" } })
  })
})

describe("a default agent that does not exist", () => {
  const known = "known: claude, codex, gemini, opencode, slow"
  const agents = { slow: { command: "cat" } }

  test("is reported by config show and doctor, and ignored", async () => {
    await using rig = new Rig()
    await rig.data("config show")
    const path = join(rig.home, "config.json")
    writeFileSync(path, JSON.stringify({ defaultAgent: "nope2", agents }))
    expect(await rig.data("config show")).toMatchObject({
      problems: [{ key: "defaultAgent", message: `unknown agent: nope2; ${known}` }],
      config: { defaultAgent: null, agents },
      sources: { defaultAgent: "default" }
    })
    expect(JSON.stringify(await rig.data("doctor"))).toContain(
      `defaultAgent: unknown agent: nope2; ${known}`
    )
    writeFileSync(path, JSON.stringify({ defaultAgent: "slow", agents }))
    expect(await rig.data("config show")).toMatchObject({
      problems: [],
      config: { defaultAgent: "slow" }
    })
  })

  test("in the environment does not replace the one of the file", async () => {
    await using rig = new Rig()
    const env = { BACKBEAT_DEFAULT_AGENT: "nope" }
    const show = async () => (await rig.call(["config", "show"], { env })).document["data"]
    expect(await show()).toMatchObject({
      problems: [{ key: "defaultAgent" }],
      config: { defaultAgent: null }
    })
    writeFileSync(join(rig.home, "config.json"), JSON.stringify({ defaultAgent: "slow", agents }))
    expect(await show()).toMatchObject({
      problems: [
        {
          key: "defaultAgent",
          message: `unknown agent: nope; ${known} (set by the variable BACKBEAT_DEFAULT_AGENT)`
        }
      ],
      config: { defaultAgent: "slow" },
      sources: { defaultAgent: "file" }
    })
  })
})

/** A home whose engine begins with these variables. */
const withVariables = (variables: Readonly<Record<string, string>>): Rig =>
  new (class extends Rig {
    override environment(more = {}) {
      return super.environment({ ...variables, ...more })
    }
  })()

describe("a limit that a variable sets", () => {
  test("is shown by plan, why, the failure, doctor and config show", async () => {
    await using rig = withVariables({ TASK_TIMEOUT: "1000" })
    const from = "the variable TASK_TIMEOUT"
    expect(
      await rig.data("plan", { operation: "start", payload: { command: "true" } })
    ).toMatchObject({
      tasks: [
        {
          spec: { timeout: 1000, timeoutFrom: from },
          warnings: [`the timeout of each attempt is 1000 ms, from ${from}`]
        }
      ]
    })
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    expect(await rig.data("why", { id: "t" })).toMatchObject({
      next: expect.stringContaining(`(set by ${from})`)
    })
    expect(await rig.task("wait", { id: "t" })).toMatchObject({
      status: "failed",
      failure: { type: "TimedOut", timeout: 1000, from }
    })
    expect(JSON.stringify(await rig.data("why", { id: "t" }))).toContain(
      `timed out after 1000 ms (set by ${from})`
    )
    expect(await rig.data("config show")).toMatchObject({
      sources: { timeout: "environment" },
      variables: { timeout: "TASK_TIMEOUT" }
    })
    expect(JSON.stringify((await rig.data("doctor"))["checks"])).toContain(
      "timeout is 1000: the variable TASK_TIMEOUT sets it, and other programs use that variable too"
    )
  })

  test("comes first from the variable with backbeat's prefix", async () => {
    await using rig = withVariables({
      TASK_TIMEOUT: "1000",
      BACKBEAT_TASK_TIMEOUT: "50000",
      LOG_LEVEL: "debug",
      BACKBEAT_LOG_LEVEL: "warn"
    })
    expect(await rig.data("config show")).toMatchObject({
      config: { timeout: 50_000, logLevel: "warn" },
      variables: { timeout: "BACKBEAT_TASK_TIMEOUT", logLevel: "BACKBEAT_LOG_LEVEL" }
    })
    const { checks } = await rig.data("doctor")
    expect(JSON.stringify(checks)).toContain(
      "every value is valid; set by variables: timeout by BACKBEAT_TASK_TIMEOUT, logLevel by BACKBEAT_LOG_LEVEL"
    )
  })

  test("is not shown if the task sets it, but a setting and a default are", async () => {
    await using rig = new Rig()
    const planned = async (payload: unknown) =>
      JSON.stringify(await rig.data("plan", { operation: "start", payload }))
    expect(await planned({ prompt: "Do it.", agent: "claude" })).toContain(
      '"timeoutFrom":"the default for prompts"'
    )
    await rig.data("config set", { key: "timeout", value: 70_000 })
    expect(await planned({ command: "true" })).toContain('"timeoutFrom":"the setting timeout"')
    expect(await planned({ command: "true", timeout: 2000 })).not.toContain("timeoutFrom")
  })
})

test("variables of older systems without effect are listed with their replacements", async () => {
  await using rig = withVariables({ WORKER_MIN_SPAWN_DELAY_MS: "500", CPU_CORES_RESERVED: "2" })
  expect(await rig.data("config show")).toMatchObject({
    ignored: [
      { name: "WORKER_MIN_SPAWN_DELAY_MS", instead: expect.stringContaining("settlingWindowMs") },
      { name: "CPU_CORES_RESERVED", instead: expect.stringContaining("cpuThreshold") }
    ]
  })
  const checks = JSON.stringify((await rig.data("doctor"))["checks"])
  expect(checks).toContain("the variable WORKER_MIN_SPAWN_DELAY_MS has no effect")
  expect(checks.split("CPU_CORES_RESERVED").length).toBe(2)
})
