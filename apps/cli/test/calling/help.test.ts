/** Help and version: JSON in a pipe, text on a terminal. */
import { operationNames } from "@backbeat/contract/names"
import { describe, expect, test } from "bun:test"
import { onTerminal } from "./onTerminal.ts"
import { Rig } from "../Rig.ts"

describe("help in a pipe", () => {
  test("is JSON, in every form of the request", async () => {
    await using rig = new Rig()
    for (const args of [[], ["help"], ["--help"], ["-h"]]) {
      const { exitCode, stderr, document } = await rig.call(args)
      expect({ exitCode, stderr, document }).toMatchObject({
        exitCode: 0,
        stderr: "",
        document: {
          ok: true,
          command: "help",
          data: { usage: "backbeat <operation> [payload] [flags]" }
        }
      })
    }
    for (const args of [
      ["help", "config", "set"],
      ["config", "set", "--help"],
      ["--help", "config", "set"],
      ["config", "set", "-h"]
    ]) {
      expect((await rig.call(args)).document).toMatchObject({
        ok: true,
        command: "help",
        data: { operation: "config set" }
      })
    }
  })

  test("shows an operation of two words as it is typed", async () => {
    await using rig = new Rig()
    for (const about of ["schema", "examples"]) {
      expect((await rig.call([about, "show", "pipeline", "create"])).document).toMatchObject({
        ok: true,
        data: { operation: "pipeline create" }
      })
    }
    expect(await rig.refusal(["schema", "show", "pipeline", "make"])).toMatchObject({
      message: expect.stringContaining("create")
    })
  })

  test("shows fields, flags, errors and examples of every operation", async () => {
    await using rig = new Rig()
    const { document } = await rig.call(["help"])
    const names = operationNames.map((name) => ({ name, summary: expect.any(String) }))
    expect(document).toMatchObject({ data: { operations: names } })
    await Promise.all(
      operationNames.map(async (name) => {
        expect((await rig.call(["help", ...name.split(" ")])).document).toMatchObject({
          data: {
            operation: name,
            usage: expect.stringContaining(`backbeat ${name} `),
            fields: expect.any(Array),
            errors: expect.any(Array),
            examples: expect.any(Array)
          }
        })
      })
    )
  })

  test("lists the operations that start with a word, and so does the error for that word alone", async () => {
    await using rig = new Rig()
    const its = ["pipeline create", "pipeline get", "pipeline list", "pipeline cancel"]
    for (const args of [
      ["help", "pipeline"],
      ["pipeline", "--help"]
    ]) {
      const operations = its.map((name) => ({ name, summary: expect.any(String) }))
      expect((await rig.call(args)).document).toMatchObject({
        ok: true,
        command: "help",
        data: { group: "pipeline", operations }
      })
    }
    expect(await onTerminal(rig, ["help", "pipeline"])).toContain(
      "\nOperations\n  pipeline create  Start "
    )
    expect(await rig.refusal(["help", "pipeline", "status"])).toMatchObject({
      command: "pipeline status",
      details: { known: its }
    })
    for (const word of ["agents", "pipeline", "queue", "config", "engine", "schema", "examples"]) {
      const known = operationNames.filter((name) => name.startsWith(`${word} `))
      const list = known.join(", ")
      expect(await rig.refusal([word])).toMatchObject({
        message: `unknown command ${word}; there are ${list}`,
        details: { known, hint: `Commands of ${word}: ${list}.` }
      })
      expect(await rig.refusal([word, "frobnicate"])).toMatchObject({
        command: `${word} frobnicate`,
        details: { known }
      })
    }
  })

  test("and the version need no home", async () => {
    await using rig = new Rig("/dev/null/home")
    const { document } = await rig.call(["--version"])
    expect(document).toEqual({
      ok: true,
      command: "version",
      data: { version: expect.stringMatching(/^\d+\.\d+\.\d+/u) }
    })
    expect((await rig.call(["-v"])).document).toEqual(document)
    expect((await rig.call(["--help"])).exitCode).toBe(0)
  })
})

describe("on a terminal", () => {
  test("help and version are text", async () => {
    await using rig = new Rig()
    const help = await onTerminal(rig, ["help"])
    expect(help).toContain("\nOperations\n  start ")
    expect(help).not.toContain('"ok"')
    expect(await onTerminal(rig, ["start", "--help"])).toContain("\nFields\n  id ")
    expect(await onTerminal(rig, ["--version"])).toMatch(/^backbeat \d+\.\d+\.\d+\n$/u)
    expect(await onTerminal(rig, ["--version", "--pretty"])).toMatch(/^\{\n {2}"ok": true,/u)
  })

  test("answers and errors are JSON on one line, as everywhere", async () => {
    await using rig = new Rig()
    expect(await onTerminal(rig, ["list"])).toBe(
      '{"ok":true,"command":"list","data":{"total":0,"tasks":[]}}\n'
    )
    expect(await onTerminal(rig, ["status", "x"])).toStartWith('{"ok":false,"command":"status",')
    expect(await onTerminal(rig, ["capabilities"])).toStartWith('{"ok":true,')
    expect(await onTerminal(rig, ["engine", "status"], { home: "/dev/null/home" })).toStartWith(
      '{"ok":true,'
    )
  })

  test("the setting format selects text, but not for an agent, in a pipe or with --json", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "bad", script: "exit 3" }, ["--wait"])
    const line = ["status", "bad"]
    expect(await onTerminal(rig, line, { env: { BACKBEAT_FORMAT: "human" } })).toContain(
      "exit code 3"
    )
    await rig.call(["config", "set", "format", "human"])
    const shown = await onTerminal(rig, line)
    expect(shown).toContain("exit code 3")
    expect(shown).not.toContain('"ok"')
    expect(await onTerminal(rig, ["status", "none"])).toBe(
      "TaskNotFound: task not found: none\n  Run list to see the task ids.\n  try: backbeat list '{}'\n"
    )
    for (const [args, env] of [
      [[...line, "--json"], {}],
      [line, { BACKBEAT_FORMAT: "json" }],
      [line, { CLAUDECODE: "1" }],
      [line, { CODEX_THREAD_ID: "t" }]
    ] as const) {
      expect(await onTerminal(rig, args, { env })).toStartWith('{"ok":true,')
    }
    expect((await rig.call(line)).document).toMatchObject({ ok: true })
  })

  test("the bare command shows what is running, the last failures and next steps", async () => {
    await using rig = new Rig()
    const nothing = await onTerminal(rig, [])
    expect(nothing).toStartWith("No task is running.\n\nbackbeat start -- npm test ")
    expect(nothing.trimEnd().split("\n")).toHaveLength(5)
    await rig.data("start", { id: "bad", script: "exit 3" }, ["--wait"])
    await rig.data("start", { id: "live", stdin: "open", command: "cat" })
    const shown = await onTerminal(rig, [], { env: { NO_COLOR: "1" } })
    expect(shown).toMatch(
      /^ID .*\nlive +running .*\n\nLast failures\nID .*\nbad +failed +1 +exit code 3 /u
    )
    expect(shown).toContain("\nbackbeat help ")
  })

  test("tables have colours, but not with NO_COLOR and not in a pipe", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "good", name: "a\u001b[2Jname", command: "true" }, ["--wait"])
    await rig.data("start", { id: "bad", command: "false" }, ["--wait"])
    const coloured = await onTerminal(rig, ["list", "--human"])
    expect(coloured).toContain("bad   \u001b[31mfailed   \u001b[0m")
    expect(coloured).toContain("good  \u001b[32mcompleted\u001b[0m")
    expect(await onTerminal(rig, ["list", "--human"], { env: { NO_COLOR: "1" } })).not.toContain(
      "\u001b"
    )
    const { stdout, exitCode } = await rig.call(["list", "--human"])
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain("\u001b")
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^ID +STATUS +ATTEMPT +WHY +TIME +WHEN +WHAT$/u),
      expect.stringMatching(
        /^bad +failed +1 +exit code 1 +\d+ms +\d\d:\d\d:\d\d \(\d+ s ago\) +false$/u
      ),
      expect.stringMatching(/^good +completed +1 +\d+ms +\d\d:\d\d:\d\d \(\d+ s ago\) +a.*name$/u),
      ""
    ])
    expect((await rig.call(["status", "bad", "--human"])).stdout).toContain("\nbad  failed")
    expect(await rig.call(["status", "none", "--human"])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringMatching(/^TaskNotFound: .*\n.*\n {2}try: backbeat list '\{\}'\n$/u)
    })
  })
})
