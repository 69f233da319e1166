/** Help and version: JSON in a pipe, text on a terminal. */
import { operationNames } from "@backbeat/contract/names"
import { describe, expect, test } from "bun:test"
import { onTerminal } from "./onTerminal.ts"
import { Rig } from "../Rig.ts"

describe("help in a pipe", () => {
  test("is JSON, however it is asked for", async () => {
    await using rig = new Rig()
    for (const args of [[], ["help"], ["--help"], ["-h"]]) {
      const { exitCode, stderr, document } = await rig.call(args)
      expect({ exitCode, stderr, document }).toMatchObject({
        exitCode: 0,
        stderr: "",
        document: { ok: true, command: "help", data: { usage: "backbeat <operation> [payload] [flags]" } }
      })
    }
    for (const args of [["help", "config", "set"], ["config", "set", "--help"], ["--help", "config", "set"], ["config", "set", "-h"]]) {
      expect((await rig.call(args)).document).toMatchObject({ ok: true, command: "help", data: { operation: "config set" } })
    }
  })

  test("names an operation of two words as it is called", async () => {
    await using rig = new Rig()
    for (const about of ["schema", "examples"]) {
      expect((await rig.call([about, "show", "pipeline", "create"])).document).toMatchObject({ ok: true, data: { operation: "pipeline create" } })
    }
    expect(await rig.refusal(["schema", "show", "pipeline", "make"])).toMatchObject({ message: expect.stringContaining("create") })
  })

  test("tells every operation its fields, flags, errors and examples", async () => {
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

  test("lists the operations that begin with a word, and a call of that word alone names them", async () => {
    await using rig = new Rig()
    const its = ["pipeline create", "pipeline get", "pipeline list", "pipeline cancel"]
    for (const args of [["help", "pipeline"], ["pipeline", "--help"]]) {
      const operations = its.map((name) => ({ name, summary: expect.any(String) }))
      expect((await rig.call(args)).document).toMatchObject({ ok: true, command: "help", data: { group: "pipeline", operations } })
    }
    expect(await onTerminal(rig, ["help", "pipeline"])).toContain("\nOperations\n  pipeline create  Start ")
    expect(await rig.refusal(["help", "pipeline", "status"])).toMatchObject({ command: "pipeline status", details: { known: its } })
    for (const word of ["agents", "pipeline", "queue", "config", "engine", "schema", "examples"]) {
      const known = operationNames.filter((name) => name.startsWith(`${word} `))
      const list = known.join(", ")
      expect(await rig.refusal([word])).toMatchObject({ message: `unknown command ${word}; there are ${list}`, details: { known, hint: `Commands of ${word}: ${list}.` } })
      expect(await rig.refusal([word, "frobnicate"])).toMatchObject({ command: `${word} frobnicate`, details: { known } })
    }
  })

  test("and the version need no home", async () => {
    await using rig = new Rig("/dev/null/home")
    const { document } = await rig.call(["--version"])
    expect(document).toEqual({ ok: true, command: "version", data: { version: expect.stringMatching(/^\d+\.\d+\.\d+/u) } })
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

  test("answers are indented, and refusals too", async () => {
    await using rig = new Rig()
    expect(await onTerminal(rig, ["list"])).toBe(
      '{\n  "ok": true,\n  "command": "list",\n  "data": {\n    "total": 0,\n    "tasks": []\n  }\n}\n'
    )
    expect(await onTerminal(rig, ["status", "x"])).toStartWith('{\n  "ok": false,\n  "command": "status",\n')
    expect(await onTerminal(rig, ["capabilities"])).toStartWith('{\n  "ok": true,\n')
    expect(await onTerminal(rig, ["engine", "status"], { home: "/dev/null/home" })).toStartWith('{\n  "ok": true,\n')
  })

  test("tables have colours, but not with NO_COLOR and not in a pipe", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "good", name: "a\u001b[2Jname", command: "true" }, ["--wait"])
    await rig.data("start", { id: "bad", command: "false" }, ["--wait"])
    const coloured = await onTerminal(rig, ["list", "--human"])
    expect(coloured).toContain("bad   \u001b[31mfailed   \u001b[0m")
    expect(coloured).toContain("good  \u001b[32mcompleted\u001b[0m")
    expect(await onTerminal(rig, ["list", "--human"], { env: { NO_COLOR: "1" } })).not.toContain("\u001b")
    const { stdout, exitCode } = await rig.call(["list", "--human"])
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain("\u001b")
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^ID +STATUS +ATTEMPT +EXIT +TIME +CREATED \(UTC\) +WHAT$/u),
      expect.stringMatching(/^bad +failed +1 +1 +\d+ms +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +false$/u),
      expect.stringMatching(/^good +completed +1 +0 +\d+ms +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +a \[2Jname$/u),
      ""
    ])
    expect((await rig.call(["status", "bad", "--human"])).stdout).toContain("\nbad  failed")
    expect(await rig.refusal(["status", "none", "--human"])).toMatchObject({ type: "TaskNotFound" })
  })
})
