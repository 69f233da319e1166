/** The ways in which a payload reaches an operation. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

describe("a payload", () => {
  test("is inline JSON, a file, stdin, a plain word or nothing", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "payload.json"), '\n { "id": "filed", "command": "true" }\n')
    const ids: Array<unknown> = []
    for (const [args, stdin] of [
      [["start", '{"id":"inline","command":"true"}'], undefined],
      [["start", "@payload.json"], undefined],
      [["start", "-"], '{"id":"piped","command":"true"}\n'],
      [["status", "inline"], undefined],
      [["status", "-"], '{"id":"filed"}'],
      [["status", "-"], "piped"]
    ] as const) {
      const called = await rig.call(args, stdin === undefined ? {} : { stdin })
      expect(called).toMatchObject({ exitCode: 0, stderr: "", document: { ok: true } })
      ids.push(called.document["data"])
    }
    expect(ids).toMatchObject(
      ["inline", "filed", "piped", "inline", "filed", "piped"].map((id) => ({ task: { id } }))
    )
    expect(await rig.call(["list"])).toMatchObject({
      exitCode: 0,
      document: { data: { total: 3 } }
    })
    expect(await rig.call(["list", "-"], { stdin: "" })).toMatchObject({
      exitCode: 0,
      document: { data: { total: 3 } }
    })
  })

  test("that is not JSON is rejected with what was received", async () => {
    await using rig = new Rig()
    expect(await rig.refusal(["start", "{command:1}"])).toMatchObject({
      command: "start",
      type: "CommandInputError",
      message: expect.stringMatching(/^the payload is not valid JSON: /u),
      details: { path: "", received: "{command:1}", retryable: false }
    })
    for (const text of ["true", "null", "1", '"text"', "[1]", "[[]]", "{}"]) {
      const called = await rig.call(["start", text])
      expect(called).toMatchObject({
        exitCode: 1,
        document: { ok: text === "[1]" || text === "[[]]" }
      })
    }
    expect(await rig.refusal(["status", "[]"])).toMatchObject({ type: "CommandInputError" })
  })

  test("in an unreadable file is rejected with the file's name", async () => {
    await using rig = new Rig()
    mkdirSync(join(rig.scratch, "folder"))
    for (const name of ["absent.json", "folder", ""]) {
      expect(await rig.refusal(["start", `@${name}`])).toMatchObject({
        command: "start",
        type: "CommandInputError",
        message: expect.stringContaining(`the payload cannot be read from ${name}`)
      })
    }
  })

  test("that is not UTF-8 is rejected with the invalid byte", async () => {
    await using rig = new Rig()
    const file = join(rig.scratch, "latin1.json")
    const refusals: ReadonlyArray<readonly [ReadonlyArray<number>, string]> = [
      [[0xff], "byte 28 of 31 is 0xff"],
      [[0xc3], "byte 28 of 31 is 0xc3"],
      [[0xef, 0xbf], "byte 28 of 32 is 0xef"],
      [[0xed, 0xa0, 0x80], "byte 28 of 33 is 0xed"],
      [[0xef, 0xbf, 0xbd, 0xf0, 0x9f], "byte 31 of 35 is 0xf0"]
    ]
    for (const [bad, told] of refusals) {
      const bytes = Buffer.concat([
        Buffer.from('{"command":"echo","args":["'),
        Buffer.from(bad),
        Buffer.from('"]}')
      ])
      writeFileSync(file, bytes)
      expect(await rig.refusal(["start", "@latin1.json"])).toMatchObject({
        type: "CommandInputError",
        message: `the payload cannot be read from latin1.json: it is not valid UTF-8: ${told}`
      })
      expect(await rig.refusal(["start", "-"], { stdin: new Blob([bytes]) })).toMatchObject({
        type: "CommandInputError",
        message: `the payload cannot be read from stdin: it is not valid UTF-8: ${told}`
      })
    }
    expect(await rig.data("list")).toMatchObject({ total: 0 })
  })

  test("in an argument that is not UTF-8 is rejected, but not one that contains U+FFFD", async () => {
    await using rig = new Rig()
    const shell = async (line: string) => {
      const child = Bun.spawn(["/bin/bash", "-c", line, "sh", binary], {
        cwd: rig.scratch,
        env: rig.environment(),
        stdout: "pipe",
        stderr: "pipe"
      })
      return new Response((await child.exited) === 0 ? child.stdout : child.stderr).json()
    }
    expect(await shell(`"$1" start $'{"command":"echo","args":["\\xfc"]}'`)).toMatchObject({
      error: {
        type: "CommandInputError",
        message: "argument 2 is not valid UTF-8: byte 28 of 31 is 0xfc"
      }
    })
    expect(await shell(`"$1" start --wait -- echo fine $'caf\\xe9'`)).toMatchObject({
      error: {
        type: "CommandInputError",
        message: "argument 6 is not valid UTF-8: byte 4 of 4 is 0xe9"
      }
    })
    expect(await rig.data("list")).toMatchObject({ total: 0 })
    expect(await shell(`"$1" start '{"full":true}' --wait -- echo $'\\uFFFD'`)).toMatchObject({
      ok: true,
      data: { task: { args: ["\uFFFD"] } }
    })
  })

  test("may have 10 MB, and no byte more", async () => {
    await using rig = new Rig()
    const shell = { id: "large", script: ": " }
    const room = 10_000_000 - JSON.stringify(shell).length
    const payload = JSON.stringify({ ...shell, script: `: ${"x".repeat(room)}` })
    expect(payload).toHaveLength(10_000_000)
    const kept = await rig.call(["start", "-", "--wait", "--output", "inline"], { stdin: payload })
    expect(kept.document).toMatchObject({ ok: true, data: { task: { status: "completed" } } })
    expect(await rig.refusal(["start", "-"], { stdin: `${payload} ` })).toMatchObject({
      type: "CommandInputError",
      message: expect.stringContaining("larger than 10000000 bytes")
    })
    const umlauts = JSON.stringify({ command: "true", args: ["ü".repeat(5_000_000)] })
    expect(await rig.refusal(["start", "-"], { stdin: umlauts })).toMatchObject({
      details: { maxBytes: 10_000_000 }
    })
  })

  test("keeps unicode, quotes, newlines and empty strings unchanged", async () => {
    await using rig = new Rig()
    const args = [
      "",
      " ",
      "ünï 日本 🎉",
      `'"\\$HOME\`x\``,
      "a\nb\r\n\tc",
      "--flag",
      "-",
      "*",
      "\u0001\u007f\u2028"
    ]
    const task = await rig.task(
      "start",
      { id: "quoted", command: "printf", args: ["[%s]", ...args] },
      ["--wait"]
    )
    expect(task).toMatchObject({ status: "completed", args: ["[%s]", ...args] })
    const { stdoutPath } = await rig
      .data("status", { id: "quoted" })
      .then(({ task: each }) => logsOf(each))
    expect(await Bun.file(stdoutPath).text()).toBe(args.map((each) => `[${each}]`).join(""))
  })

  test("with a NUL, an invalid id or a lone surrogate is rejected or corrected, never cut", async () => {
    await using rig = new Rig()
    for (const payload of [
      { command: "echo", args: ["a\0b"] },
      { script: "echo \0" },
      { command: "true", env: { A: "\0" } },
      { command: "true", env: { "A=B": "c" } },
      { command: "true", env: { "": "c" } },
      { command: "true", cwd: "/tmp\0" },
      { command: "" },
      { command: "true", id: "../x" },
      { command: "true", id: "" },
      { command: "true", id: "-x" },
      { command: "true", id: "a/b" },
      { command: "true", id: "é" },
      { command: "true", id: "x\n" },
      { command: "true", id: "x".repeat(129) }
    ]) {
      expect(await rig.refusal(["start", JSON.stringify(payload)])).toMatchObject({
        command: "start",
        type: "CommandInputError"
      })
    }
    expect(await rig.data("list")).toMatchObject({ total: 0 })
    const long = "x".repeat(128)
    expect(await rig.task("start", { id: long, command: "true" }, ["--wait"])).toMatchObject({
      id: long,
      status: "completed"
    })
    const lone = await rig.call([
      "start",
      '{"id":"lone","command":"echo","args":["\\ud800"]}',
      "--wait"
    ])
    expect(lone.document).toMatchObject({ ok: true, data: { task: { status: "completed" } } })
  })

  test("may be a script of a megabyte", async () => {
    await using rig = new Rig()
    const script = `${"# a comment\n".repeat(87_500)}echo "the end"`
    const called = await rig.call(["start", "-", "--wait", "--output", "inline"], {
      stdin: JSON.stringify({ id: "long", script })
    })
    expect(called.document).toMatchObject({ data: { task: { status: "completed", exitCode: 0 } } })
    expect(await rig.data("logs", { id: "long" })).toMatchObject({ lines: ["the end"] })
  })

  test("with arguments beyond the system's limit creates a task that was not spawned", async () => {
    await using rig = new Rig()
    const stdin = JSON.stringify({
      id: "wide",
      command: "true",
      args: Array.from({ length: 40 }, () => "x".repeat(100_000))
    })
    const called = await rig.call(["start", "-", "--wait", "--output", "inline"], { stdin })
    expect(called.document).toMatchObject({
      ok: true,
      data: { task: { id: "wide", status: "failed", failure: { type: "NotSpawned" } } }
    })
  })
})

describe("a command after --", () => {
  test("is used unchanged, beside the payload", async () => {
    await using rig = new Rig()
    const called = await rig.call([
      "start",
      '{"id":"echo","tags":["a"],"full":true}',
      "--wait",
      "--",
      "echo",
      "--wait",
      "--",
      "-n",
      "$HOME",
      "@x",
      "-"
    ])
    expect(called.document).toMatchObject({
      data: {
        task: {
          id: "echo",
          command: "echo",
          args: ["--wait", "--", "-n", "$HOME", "@x", "-"],
          tags: ["a"],
          status: "completed"
        }
      }
    })
    expect(await rig.data("logs", { id: "echo" })).toMatchObject({
      lines: ["--wait -- -n $HOME @x -"]
    })
    const alone = await rig.call(["start", '{"full":true}', "--", "sh", "-c", "exit 4"])
    expect(alone.document).toMatchObject({
      ok: true,
      data: { task: { command: "sh", args: ["-c", "exit 4"] } }
    })
    const piped = await rig.call(["start", "-", "--", "true"], {
      stdin: '{"id":"both","full":true}'
    })
    expect(piped.document).toMatchObject({
      ok: true,
      data: { task: { id: "both", command: "true" } }
    })
  })

  test("is rejected by operations without a command", async () => {
    await using rig = new Rig()
    for (const [args, message] of [
      [["start", "--"], "the command after -- is missing"],
      [
        ["start", '{"command":"ls"}', "--", "ls"],
        "the payload has a command, and there is another one after --"
      ],
      [
        ["start", '{"script":"ls"}', "--", "ls"],
        "the payload has a command, and there is another one after --"
      ],
      [["start", '[{"id":"a"}]', "--", "ls"], "-- requires an object as payload"],
      [["status", "x", "--", "ls"], "status takes no command after --"],
      [["capabilities", "--", "ls"], "capabilities takes no command after --"]
    ] as const) {
      expect(await rig.refusal(args)).toMatchObject({ type: "CommandInputError", message })
    }
  })
})

/** The paths of a task's output. */
const logsOf = (task: unknown): { readonly stdoutPath: string } => {
  if (typeof task === "object" && task !== null && "logs" in task) {
    const { logs } = task
    if (
      typeof logs === "object" &&
      logs !== null &&
      "stdoutPath" in logs &&
      typeof logs.stdoutPath === "string"
    ) {
      return { stdoutPath: logs.stdoutPath }
    }
  }
  throw new Error("the task has no output")
}

const callIn = async (
  rig: Rig,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) => {
  const gone = join(rig.scratch, "gone")
  mkdirSync(gone)
  const child = Bun.spawn(["/bin/sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", binary, ...args], {
    cwd: gone,
    env: rig.environment({ PWD: gone, ...env }),
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [stdout, stderr] = [await child.stdout.text(), await child.stderr.text()]
  return [await child.exited, stdout === "" ? JSON.parse(stderr) : JSON.parse(stdout)]
}

describe("a call in a folder that was deleted", () => {
  test("is rejected only if it needs that folder", async () => {
    await using rig = new Rig()
    const refused = { ok: false, error: { type: "CommandInputError", details: { path: "cwd" } } }
    expect(await callIn(rig, ["start", '{"command":"true"}'])).toEqual([
      1,
      expect.objectContaining({ ok: false })
    ])
    expect((await callIn(rig, ["start", '{"command":"true","cwd":"sub"}']))[1]).toMatchObject(
      refused
    )
    // Not the one beside the program.
    expect(await callIn(rig, ["start", "@backbeat.sources"])).toMatchObject([
      1,
      { error: { message: expect.stringContaining("cannot be read") } }
    ])
    expect(await rig.data("list")).toMatchObject({ total: 0 })
    const cwd = rig.scratch
    expect(
      (await callIn(rig, ["start", JSON.stringify({ id: "x", command: "pwd", cwd }), "--wait"]))[1]
    ).toMatchObject({ ok: true, data: { task: { status: "completed" } } })
    for (const args of [
      ["list"],
      ["status", "x"],
      ["--help"],
      ["--version"],
      ["capabilities"],
      ["stop", "[]"],
      ["doctor"]
    ]) {
      expect([args, (await callIn(rig, args))[1]]).toEqual([
        args,
        expect.objectContaining({ command: expect.any(String) })
      ])
    }
  })

  test("is rejected if the home is given relative to it", async () => {
    await using rig = new Rig()
    expect(await callIn(rig, ["list", "--home", "home"])).toMatchObject([
      1,
      { ok: false, error: { type: "CommandInputError" } }
    ])
    expect(await callIn(rig, ["config", "path"], { BACKBEAT_HOME: "./home" })).toMatchObject([
      1,
      { ok: false, error: { type: "CommandInputError" } }
    ])
  })
})
