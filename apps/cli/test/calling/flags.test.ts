/** Flags steer a call; they may stand anywhere before `--`. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

describe("flags", () => {
  test("may be before, between and after words", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "true" }, ["--wait"])
    for (const args of [
      ["--pretty", "status", "x"],
      ["status", "--pretty", "x"],
      ["status", "x", "--pretty"],
      ["status", '{"id":"x"}', "--pretty"],
      ["--home", rig.home, "--pretty", "status", "x"]
    ]) {
      const { exitCode, stdout } = await rig.call(args)
      expect(exitCode).toBe(0)
      expect(stdout).toStartWith(
        '{\n  "ok": true,\n  "command": "status",\n  "data": {\n    "task": {\n      "id": "x",\n'
      )
    }
    for (const args of [
      ["schema", "--pretty", "list"],
      ["--pretty", "schema", "list"],
      ["schema", "list", "--pretty"]
    ]) {
      expect((await rig.call(args)).stdout).toStartWith(
        '{\n  "ok": true,\n  "command": "schema list",\n'
      )
    }
  })

  test("have their value after a space or an equals sign", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", stdin: "open", command: "cat" })
    for (const args of [
      ["wait", "x", "--timeout", "0.05"],
      ["wait", "x", "--timeout=0.05"],
      ["--timeout=0.05", "wait", "x"],
      ["--timeout", "0.05", "wait", "x"]
    ]) {
      expect(await rig.refusal(args)).toMatchObject({
        type: "TaskWaitTimedOut",
        details: { timeoutMs: 50, ids: ["x"] }
      })
    }
    const elsewhere = { env: { BACKBEAT_HOME: "/nowhere/at/all" } }
    expect(
      (await rig.call(["status", "x", `--home=${rig.home}`], elsewhere)).document
    ).toMatchObject({ ok: true })
  })

  test("that are unknown are rejected with the most similar one and all known flags", async () => {
    await using rig = new Rig()
    expect(await rig.refusal(["wait", "x", "--timout", "3"])).toEqual({
      command: "wait",
      type: "CommandInputError",
      message: "unknown flag --timout",
      try: { operation: "wait", payload: { id: "x" }, flags: { timeout: 3 } },
      details: { flag: "--timout", hint: "Did you mean --timeout?", retryable: false }
    })
    expect(await rig.refusal(["wait", "x", "--bogus", "3"])).toMatchObject({
      message: "unknown flag --bogus",
      details: {
        hint: "Known flags: --timeout, --output, --exit-status, --get, --human, --pretty, --home, --help, --version."
      }
    })
    expect(await rig.refusal(["list", "--wait"])).toMatchObject({
      command: "list",
      type: "CommandInputError",
      message: "list does not take the flag --wait",
      details: { hint: expect.stringContaining("--human") }
    })
    expect(await rig.refusal(["capabilities", "--wait"])).toMatchObject({
      command: "capabilities",
      type: "CommandInputError"
    })
  })

  test("with an invalid value are rejected by name", async () => {
    await using rig = new Rig()
    for (const [args, message] of [
      [["wait", "x", "--timeout"], "--timeout needs a value"],
      [["wait", "x", "--timeout="], "--timeout needs a value"],
      [["wait", "x", "--timeout", "soon"], "--timeout needs a number, got soon"],
      [["wait", "x", "--timeout", "Infinity"], "--timeout needs a number, got Infinity"],
      [["wait", "x", "--timeout=-5"], expect.stringMatching(/^--timeout: .*0 and 86400/u)],
      [
        ["list", "--output", "foo"],
        expect.stringMatching(/^--output: .*"auto".*"inline".*"artifact"/u)
      ],
      [["start", "[]", "--concurrency=0"], expect.stringMatching(/^--concurrency: .*1 and 1000/u)],
      [["start", "[]", "--concurrency=1.5"], expect.stringMatching(/^--concurrency: /u)],
      [["list", "--human=yes"], "--human takes no value"],
      [["list", "--pretty=yes"], "--pretty takes no value"],
      [["list", "--help=yes"], "--help takes no value"],
      [["list", "--home"], "--home needs a directory"],
      [["list", "--home="], "--home needs a directory"]
    ] as const) {
      expect(await rig.refusal(args)).toMatchObject({
        command: args[0],
        type: "CommandInputError",
        message
      })
    }
    const timeout = await rig.refusal(["wait", "x", "--timeout", "soon"])
    expect(timeout.details.hint).toBe("--timeout <seconds>: how long to wait (default 60).")
    const pretty = await rig.refusal(["list", "--pretty=yes"])
    expect(pretty.details.hint).toBe("--pretty: indented JSON.")
    expect(await rig.refusal(["list", "{}", "{}"])).toMatchObject({
      command: "list",
      type: "CommandInputError"
    })
  })
})

describe("a flag without an operation", () => {
  test("is rejected for its own error", async () => {
    await using rig = new Rig()
    for (const [args, message] of [
      [["--home"], "--home needs a directory"],
      [["--timeout", "soon"], "--timeout needs a number, got soon"],
      [["--bogus"], "unknown flag --bogus"]
    ] as const) {
      expect(await rig.refusal(args)).toMatchObject({
        command: "help",
        type: "CommandInputError",
        message,
        details: { flag: args[0] }
      })
    }
  })
})

describe("an unknown command", () => {
  test("is rejected with the most similar known one", async () => {
    await using rig = new Rig()
    expect(await rig.refusal(["statsu", "x"])).toMatchObject({
      command: "statsu",
      type: "CommandInputError",
      message: "unknown command statsu; did you mean status?",
      details: { command: "statsu", nearest: "status" }
    })
    expect(await rig.refusal(["config", "shwo"])).toMatchObject({
      details: { nearest: "config show" }
    })
    expect(await rig.refusal(["config"])).toMatchObject({
      command: "config",
      details: { hint: expect.stringContaining("config show") }
    })
    expect(await rig.refusal(["help", "strat"])).toMatchObject({
      command: "strat",
      details: { nearest: "start" }
    })
    expect(await rig.refusal(["qqqqqqqq"])).toMatchObject({
      message: "unknown command qqqqqqqq",
      details: { nearest: null, hint: expect.stringMatching(/^Known commands: start, status, /u) }
    })
    for (const name of ["__proto__", "constructor", "toString", "engine-roll"]) {
      expect(await rig.refusal([name])).toMatchObject({ command: name, type: "CommandInputError" })
    }
  })

  test("starts no engine for a wrong flag or for help", async () => {
    await using rig = new Rig()
    await rig.refusal(["list", "--nope"])
    await rig.call(["help"])
    await rig.call(["--version"])
    await rig.call(["capabilities"])
    expect(await rig.enginePid()).toBeNull()
  })
})

describe("an unknown field", () => {
  test("is rejected with the most similar known one, at every depth", async () => {
    await using rig = new Rig()
    for (const [payload, path, near] of [
      [{ comand: "ls" }, "comand", "command"],
      [{ command: "ls", restart: { delay: 1, when: "always" } }, "restart.delay", "delayMs"],
      [{ command: "ls", readyWhen: { log: "x", interval: 1 } }, "readyWhen.interval", "intervalMs"],
      [{ command: "ls", notify: { onend: true } }, "notify.onend", "onEnd"]
    ] as const) {
      expect(await rig.refusal(["start", JSON.stringify(payload)])).toMatchObject({
        type: "CommandInputError",
        message: `unknown field ${path}; did you mean ${near}?`,
        details: { path }
      })
    }
  })

  test("or a wrong type is reported with its path", async () => {
    await using rig = new Rig()
    for (const [operation, payload, message] of [
      ["start", { command: "ls", args: [1] }, "args[0]: expected a string, got a number"],
      ["start", { command: "ls", timeout: "5s" }, /^timeout: expected .*whole number/u],
      ["start", { command: "ls", timeout: 999 }, /^timeout: .*1000/u],
      ["start", { command: "ls", priority: "P9" }, /^priority: expected one of "P0", "P1", "P2"/u],
      ["start", { command: "ls", script: "ls" }, "script: cannot be combined with command"],
      ["start", { script: "ls", args: ["x"] }, "args: requires command; a script takes no args"],
      ["start", {}, "command: is missing"],
      [
        "start",
        { command: "ls", tags: Array.from({ length: 65 }, () => "t") },
        "tags: must have at most 64 items"
      ],
      [
        "start",
        { command: "ls", tags: ["x".repeat(65)] },
        "tags[0]: must have at most 64 characters"
      ],
      ["status", {}, "id is missing"],
      ["list", { limit: 501 }, /^limit: /u],
      ["list", { status: "done" }, /^status: /u],
      ["wait", {}, "id: exactly one of id, ids, tag, pipelineId, loopId and mine is required"],
      ["logs", { id: "x", stream: "out" }, /^stream: expected one of "both", "stdout", "stderr"/u]
    ] as const) {
      const told = await rig.refusal([operation, JSON.stringify(payload)])
      expect(told).toMatchObject({ command: operation, type: "CommandInputError" })
      expect(told.message).toMatch(message)
    }
  })
})
