import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { enginesOf, isAlive } from "../processes.ts"
import { binary } from "../binary.ts"
import { atLine, shownOf } from "./Shown.ts"

const main = join(import.meta.dir, "..", "..", "src", "main.ts")
let folder = ""
let newer = ""

/** The same program with a later version. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "backbeat-newer-"))
  newer = join(folder, "backbeat")
  const define = 'BACKBEAT_VERSION="999.0.0"'
  const built = Bun.spawnSync(
    [
      process.execPath,
      "build",
      "--compile",
      "--format=esm",
      "--splitting",
      "--define",
      define,
      "--outfile",
      newer,
      main
    ],
    { cwd: folder }
  )
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const byNewer = async (rig: Rig, args: ReadonlyArray<string>): Promise<string> => {
  const child = Bun.spawn([newer, ...args], {
    cwd: rig.scratch,
    env: rig.environment(),
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  return stdout + stderr
}

const programOf = (pid: number): string =>
  Bun.spawnSync(["readlink", `/proc/${pid}/exe`])
    .stdout.toString()
    .trim()

describe("a newer caller", () => {
  test("takes over from an older engine, unnoticed by tasks and older waiting callers", async () => {
    await using rig = new Rig()
    const before = shownOf(
      await rig.data("start", {
        id: "t",
        stdin: "open",
        script: "echo up; read word; echo $word; exit 4"
      })
    )
    await atLine(rig, "t", "up")
    const old = await rig.enginePid()
    const waiting = rig.call(["wait", "t"])
    await Bun.sleep(100)
    expect(JSON.parse(await byNewer(rig, ["status", "t"]))).toMatchObject({
      ok: true,
      data: { task: { status: "running", pid: before.pid } }
    })
    expect(await rig.data("engine status")).toMatchObject({ version: "999.0.0" })
    while (isAlive(old ?? 0)) await Bun.sleep(5)
    expect(enginesOf(rig.home).map(programOf)).toEqual([newer])
    // The older program goes on calling the newer engine.
    await rig.data("send", { id: "t", text: "on\n" })
    expect((await waiting).document).toMatchObject({
      ok: true,
      data: { task: { status: "failed", exitCode: 4 } }
    })
    expect(await rig.data("logs", { id: "t" })).toMatchObject({ lines: ["up", "on"] })
  })

  test("takes over at the first try among many older waiting callers", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", stdin: "open", script: "read word; exit 4" })
    const waiting = Array.from({ length: 15 }, () => rig.call(["wait", "t"]))
    await Bun.sleep(600)
    const served = () =>
      Bun.file(join(rig.home, "engine.log"))
        .text()
        .then((log) => log.split(" serves ").length - 1)
    expect(await served()).toBe(1)
    await byNewer(rig, ["status", "t"])
    await rig.data("send", { id: "t", eof: true })
    for (const { document } of await Promise.all(waiting))
      expect(document).toMatchObject({ ok: true, data: { task: { exitCode: 4 } } })
    expect(await served()).toBe(2)
    expect(await rig.data("engine status")).toMatchObject({ version: "999.0.0" })
  })

  test("continues the stop of an older engine", async () => {
    await using rig = new Rig()
    const { pid } = shownOf(
      await rig.data("start", {
        id: "t",
        script: "trap '' TERM; echo up; while :; do sleep 0.1; done",
        gracePeriodMs: 1200
      })
    )
    await atLine(rig, "t", "up")
    const stopping = rig.call(["stop", '{"id":"t","full":true}'])
    await Bun.sleep(200)
    await byNewer(rig, ["list"])
    expect((await stopping).document).toMatchObject({
      ok: true,
      data: { task: { status: "cancelled", attempt: 1 } }
    })
    expect(isAlive(pid ?? 0)).toBe(false)
  })
})

test("an older caller is served by a newer engine", async () => {
  await using rig = new Rig()
  await byNewer(rig, ["list"])
  expect(await rig.task("start", { id: "t", script: "exit 4" }, ["--wait"])).toMatchObject({
    exitCode: 4
  })
  expect(await rig.data("engine status")).toMatchObject({ version: "999.0.0" })
  expect(binary).not.toBe(newer)
})
