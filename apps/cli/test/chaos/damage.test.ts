import { recordIn } from "../attemptFiles.ts"
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { enginesOf, isAlive, killAndAwait } from "../processes.ts"

/** A home with an ended task and no engine. */
const leave = async (): Promise<{ readonly rig: Rig; readonly database: string }> => {
  const rig = new Rig()
  await rig.task("start", { id: "t", script: "echo hi; exit 3" }, ["--wait"])
  // A log that holds the damaged pages would heal them: ended in order, there is none.
  await rig.data("engine stop")
  return { rig, database: join(rig.home, "backbeat.db") }
}

const bytesOf = (path: string): string =>
  new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex")

describe("a damaged database", () => {
  const damages: ReadonlyArray<readonly [string, (path: string) => void]> = [
    [
      "with another header",
      (path) => {
        const fd = openSync(path, "r+")
        writeSync(fd, Buffer.alloc(100, 0x5a), 0, 100, 0)
        closeSync(fd)
      }
    ],
    ["that is text", (path) => writeFileSync(path, "this is no database\n".repeat(500))],
    ["that was cut", (path) => truncateSync(path, 700)]
  ]
  for (const [title, damage] of damages) {
    test(`${title} is told of, and left as it is`, async () => {
      const { rig, database } = await leave()
      await using _ = rig
      damage(database)
      const before = bytesOf(database)
      for (let time = 0; time < 2; time++) {
        const called = await rig.call(["status", "t"])
        expect(called).toMatchObject({ exitCode: 1, stdout: "" })
        expect(called.document).toMatchObject({
          ok: false,
          error: { type: "StoreError", details: { reason: "damaged" } }
        })
      }
      expect(bytesOf(database)).toBe(before)
      expect(existsSync(join(rig.home, "engine.sock"))).toBe(false)
    })
  }
})

describe("a home that is removed under its engine", () => {
  test("is recreated by the next call without delay", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    rmSync(rig.home, { recursive: true, force: true })
    const begunAt = performance.now()
    const { document } = await rig.call(["list"])
    expect(performance.now() - begunAt).toBeLessThan(3000)
    expect(document).toMatchObject({ ok: true, data: { tasks: [] } })
    expect(await rig.task("start", { id: "u", script: "exit 2" }, ["--wait"])).toMatchObject({
      exitCode: 2
    })
  })

  test("fails a waiting call at once", async () => {
    await using rig = new Rig()
    await rig.data("list")
    const old = await rig.engine()
    const up = join(rig.scratch, "up")
    const task = { id: "t", script: `echo up >'${up}'; sleep 60` }
    // The task runs, so the engine has the call.
    const waiting = rig.call(["start", JSON.stringify(task), "--wait"])
    while (!existsSync(up)) await Bun.sleep(5)
    const begunAt = performance.now()
    rmSync(rig.home, { recursive: true, force: true })
    const { document } = await waiting
    expect(document).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/was removed or (?:moved|replaced) during start/u) }
    })
    expect(performance.now() - begunAt).toBeLessThan(3000)
    expect(existsSync(rig.home)).toBe(false)
    await rig.data("list")
    while (isAlive(old)) await Bun.sleep(5)
    // The old engine has not taken the new one's socket with it.
    const [engine] = enginesOf(rig.home)
    expect(await rig.enginePid()).toBe(engine ?? 0)
  })
})

const linesIn = (path: string): ReadonlyArray<string> =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await Bun.sleep(2)
}

/** A task that tells of its beginning and its end outside of the home, and a gate for its end. */
const gated = (rig: Rig) => {
  const [mark, gate] = [join(rig.scratch, "mark"), join(rig.scratch, "gate")]
  return {
    mark,
    gate,
    script: `echo begun >>'${mark}'; cat '${gate}' >/dev/null; echo ended >>'${mark}'; exit 3`
  }
}

describe("a home that is removed during a call", () => {
  test.each(["removed", "moved"])(
    "and %s has not its work done a second time, and says so",
    async (how) => {
      await using rig = new Rig()
      const { gate, mark, script } = gated(rig)
      await Bun.spawn(["mkfifo", gate]).exited
      const call = rig.refusal(["start", JSON.stringify({ id: "x", script }), "--wait"])
      await until(() => linesIn(mark).length === 1)
      if (how === "removed") rmSync(rig.home, { recursive: true, force: true })
      else renameSync(rig.home, `${rig.home}.away`)
      writeFileSync(gate, "")
      expect(await call).toMatchObject({
        type: "StoreError",
        details: { home: rig.home, operation: "start" }
      })
      await until(() => linesIn(mark).length === 2)
      expect(linesIn(mark)).toEqual(["begun", "ended"])
      expect(await rig.data("list")).toMatchObject({ tasks: [] })
    }
  )

  test("temporarily keeps the ends that happen meanwhile", async () => {
    await using rig = new Rig()
    const { gate, mark, script } = gated(rig)
    await Bun.spawn(["mkfifo", gate]).exited
    await rig.data("start", { id: "x", script })
    await until(() => linesIn(mark).length === 1)
    const old = await rig.engine()
    renameSync(rig.home, `${rig.home}.away`)
    writeFileSync(gate, "")
    while (isAlive(old)) await Bun.sleep(5)
    renameSync(`${rig.home}.away`, rig.home)
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "failed",
      exitCode: 3,
      failure: { type: "ExitedNonZero" }
    })
  })
})

describe("an engine whose socket is removed", () => {
  test("exits for an engine that can be reached, and its tasks continue", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    rmSync(join(rig.home, "engine.sock"))
    const begunAt = performance.now()
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", attempt: 1 })
    expect(performance.now() - begunAt).toBeLessThan(3000)
  })
})

describe("an engine whose lock is removed", () => {
  test("exits, because another engine can start, which continues its tasks", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", script: "echo $$; exec sleep 60" })
    const old = await rig.engine()
    rmSync(join(rig.home, "engine.lock"))
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", attempt: 1 })
    expect(await rig.enginePid()).not.toBe(old)
    while (isAlive(old)) await Bun.sleep(5)
    const [engine, ...others] = enginesOf(rig.home)
    expect(await rig.enginePid()).toBe(engine ?? 0)
    expect(others).toEqual([])
    expect(await rig.task("stop", { id: "t" })).toMatchObject({ status: "cancelled" })
  })

  test("detects it without a call", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    const old = await rig.engine()
    // What the engine does when the first call is answered comes a little later.
    await rig.task("start", { id: "u", script: "sleep 0.3" }, ["--wait"])
    rmSync(join(rig.home, "engine.lock"))
    while (isAlive(old)) await Bun.sleep(5)
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", attempt: 1 })
  })
})

describe("an engine that dies during a call and cannot be restarted", () => {
  test("makes the call fail as possibly done, unless it changes nothing", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    const calls = [rig.refusal(["restart", "t", "--wait"]), rig.refusal(["wait", "t"])]
    await until(() => linesIn(recordIn(rig.home, "t", 2)).length > 0)
    const lock = join(rig.home, "engine.lock")
    const engine = await rig.engine()
    // It must not notice what becomes of its lock.
    signalProcess(engine, "SIGSTOP")
    rmSync(lock)
    mkdirSync(lock)
    await killAndAwait(engine)
    const [restarted, waited] = await Promise.all(calls)
    expect(restarted).toMatchObject({
      type: "EngineUnreachable",
      message: expect.stringContaining("may have been executed"),
      details: { sent: true }
    })
    expect(waited?.message).not.toContain("may have been executed")
    rmSync(lock, { recursive: true })
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", attempt: 2 })
  })
})

describe("a database that is removed under its engine", () => {
  test("is reported by calls that would change something", async () => {
    await using rig = new Rig()
    await rig.data("list")
    for (const name of ["backbeat.db", "backbeat.db-wal", "backbeat.db-shm"])
      rmSync(join(rig.home, name), { force: true })
    const { document, exitCode } = await rig.call(["start", '{"id":"t","script":":"}'])
    expect({ exitCode, document }).toMatchObject({
      exitCode: 1,
      document: { error: { type: "StoreError" } }
    })
  })
})

test("an old engine.json, engine.sock and engine.lock do not disturb", async () => {
  await using rig = new Rig()
  await rig.data("list")
  await rig.killEngine()
  expect(existsSync(join(rig.home, "engine.sock"))).toBe(true)
  writeFileSync(join(rig.home, "engine.json"), '{"state":"ready","pid":1,"version":"9.9.9"}')
  expect(await rig.data("list")).toMatchObject({ tasks: [] })
})
