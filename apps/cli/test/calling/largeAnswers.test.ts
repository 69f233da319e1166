/** Answers arrive whole, or the exit code says that they did not. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** Runs a line of shell in which $B is the binary. */
const shell = async (rig: Rig, line: string) => {
  const child = Bun.spawn(["/bin/sh", "-c", line], {
    cwd: rig.scratch,
    env: { ...rig.environment(), B: binary },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited
  ])
  return { stdout, stderr, exitCode }
}

const lineCount = 60_000

/** A task with 60,000 lines of 100 characters: 6 MB. */
const withMuchOutput = async (): Promise<Rig> => {
  const rig = new Rig()
  const script = `i=0; while [ $i -lt ${lineCount / 100} ]; do printf '%s' "$block"; i=$((i+1)); done`
  const block = `${"x".repeat(99)}\n`.repeat(100)
  await rig.task("start", { id: "much", script, env: { block } }, ["--wait"])
  return rig
}

const readAll = `"$B" logs '{"id":"much","lines":1000000}' --output inline`

describe("a large answer", () => {
  test("arrives completely through a pipe, a slow reader and a file", async () => {
    await using rig = await withMuchOutput()
    const { stdout, stderr } = await shell(rig, readAll)
    expect(stderr).toBe("")
    const { data } = JSON.parse(stdout)
    expect(data).toMatchObject({ totalLines: lineCount, shownLines: lineCount })
    expect(data.lines).toHaveLength(lineCount)
    const whole = String(stdout.length)
    expect((await shell(rig, `${readAll} | dd bs=512 2>/dev/null | wc -c`)).stdout.trim()).toBe(
      whole
    )
    expect(
      (await shell(rig, `${readAll} >${join(rig.scratch, "f")}; wc -c <f`)).stdout.trim()
    ).toBe(whole)
    expect((await shell(rig, `${readAll} | tail -c 3`)).stdout).toBe("}}\n")
  })

  test("arrives completely through a non-blocking pipe", async () => {
    await using rig = await withMuchOutput()
    const program = `
      const { dlopen, FFIType } = require("bun:ffi")
      const { symbols } = dlopen(process.platform === "darwin" ? "libc.dylib" : "libc.so.6", {
        fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 }
      })
      symbols.fcntl(1, 4, symbols.fcntl(1, 3, 0) | 0o4000)
    `
    // O_NONBLOCK belongs to the open pipe: the call that follows inherits it.
    const line = `{ "${process.execPath}" -e '${program.replaceAll("'", `'\\''`)}'; ${readAll}; } | dd bs=512 2>/dev/null | tail -c 3`
    expect(await shell(rig, line)).toMatchObject({ exitCode: 0, stdout: "}}\n" })
  })

  test("is the only thing appended to a file", async () => {
    await using rig = new Rig()
    const wrong = JSON.stringify(
      Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`unknown${at}`, at]))
    )
    const own = await rig.data(
      "start",
      {
        id: "x",
        script: `echo before; "$B" help; "$B" start "$wrong" || echo after`,
        env: { B: binary, wrong }
      },
      ["--wait"]
    )
    expect(own).toMatchObject({ task: { status: "completed" } })
    const { stdout: help } = await rig.call(["help"])
    const kept = readFileSync(join(rig.home, "tasks", "x", "1", "stdout.log"), "utf8")
    expect(kept).toBe(`before\n${help}after\n`)
    expect(readFileSync(join(rig.home, "tasks", "x", "1", "stderr.log"), "utf8")).toMatch(
      /^\{"ok":false[^\0]{1024,}\}\n$/u
    )
    await shell(rig, `"$B" help >>f; "$B" status x >>f; "$B" events --stream >>f`)
    const frames = (await rig.call(["events", "--stream"])).stdout
    expect(readFileSync(join(rig.scratch, "f"), "utf8")).toBe(
      `${help}${(await rig.call(["status", "x"])).stdout}${frames}`
    )
  })

  test("may be cut off by its reader without an error", async () => {
    await using rig = await withMuchOutput()
    const head = await shell(rig, `{ ${readAll}; echo "exit $?" >&2; } | head -c 20`)
    expect(head).toEqual({ exitCode: 0, stdout: '{"ok":true,"command"', stderr: "exit 0\n" })
    const stream = await shell(
      rig,
      `{ "$B" logs '{"id":"much","lines":60000}' --stream; echo "exit $?" >&2; } | head -n 1`
    )
    expect(stream).toMatchObject({ exitCode: 0, stderr: "exit 0\n" })
    expect(JSON.parse(stream.stdout)).toMatchObject({ type: "task.log.line", taskId: "much" })
  })
})

describe("an answer that cannot be written", () => {
  test("does not affect the call when stdout is closed", async () => {
    await using rig = new Rig()
    expect(await shell(rig, `"$B" start '{"id":"x","command":"true"}' --wait >&-`)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: ""
    })
    expect(await shell(rig, `"$B" status x --wait 2>&-`)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: ""
    })
    expect(await shell(rig, `"$B" status x <&- >&- 2>&-`)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: ""
    })
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "completed" })
  })

  test("is an error when the disk of stdout is full", async () => {
    await using rig = new Rig()
    await rig.data("start", { command: "true" }, ["--wait"])
    for (const call of ["list", "capabilities", "help", "engine status", "events --stream"]) {
      const { exitCode, stderr } = await shell(rig, `"$B" ${call} >/dev/full`)
      expect(exitCode).toBe(70)
      expect(JSON.parse(stderr)).toMatchObject({
        ok: false,
        command: call.replace(" --stream", ""),
        error: {
          type: "InternalError",
          message: expect.stringContaining("stdout cannot be written: "),
          details: { retryable: false }
        }
      })
    }
    expect(await shell(rig, `"$B" status none 2>/dev/full`)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: ""
    })
  })
})

test("no document has colors, whatever the environment says", async () => {
  await using rig = new Rig()
  for (const args of [["list"], ["status", "none"], ["nonsense"], ["help"], ["list", "--nope"]]) {
    const { stdout, stderr } = await rig.call(args, {
      env: { FORCE_COLOR: "3", COLORTERM: "truecolor", CLICOLOR_FORCE: "1" }
    })
    expect(stdout + stderr).toStartWith('{"ok":')
  }
})
