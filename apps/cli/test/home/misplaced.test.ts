/** Something else in the place of a file of the home: the call ends, and says what is wrong. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const put: Readonly<Record<string, (path: string) => void>> = {
  "a folder": (path) => mkdirSync(path),
  "a link that leads nowhere": (path) => symlinkSync("/nonexistent/x", path),
  "a FIFO": (path) => void Bun.spawnSync(["mkfifo", path])
}

describe("the engine's log", () => {
  test.each(Object.keys(put))(
    "may be %s: the engine writes none, and doctor says so",
    async (what) => {
      await using rig = new Rig()
      await rig.data("list")
      await rig.endEngine()
      const log = join(rig.home, "engine.log")
      renameSync(log, `${log}.away`)
      put[what]?.(log)
      expect(await rig.data("list")).toMatchObject({ tasks: [] })
      expect(await rig.data("doctor")).toMatchObject({
        checks: expect.arrayContaining([
          expect.objectContaining({
            name: "log",
            status: "warn",
            message: expect.stringContaining(log)
          })
        ])
      })
    }
  )
})

test("a FIFO in the place of the lock is reported without blocking", async () => {
  await using rig = new Rig()
  await rig.data("list")
  await rig.endEngine()
  const lock = join(rig.home, "engine.lock")
  renameSync(lock, `${lock}.away`)
  Bun.spawnSync(["mkfifo", lock])
  expect(await rig.refusal(["list"])).toMatchObject({
    type: "EngineUnreachable",
    message: expect.stringContaining(lock)
  })
  expect(await rig.data("doctor")).toMatchObject({
    status: "fail",
    checks: expect.arrayContaining([
      expect.objectContaining({
        name: "lock",
        status: "fail",
        message: `${lock} is not a regular file: no engine can start`
      }),
      expect.objectContaining({ name: "engine", status: "fail" })
    ])
  })
})

test("doctor reports a FIFO in the place of the lock of a home without a database", async () => {
  await using rig = new Rig()
  const lock = join(rig.home, "engine.lock")
  mkdirSync(rig.home, { mode: 0o700 })
  Bun.spawnSync(["mkfifo", lock])
  expect(await rig.data("doctor")).toMatchObject({
    status: "fail",
    checks: expect.arrayContaining([
      expect.objectContaining({ name: "lock", message: expect.stringContaining(lock) })
    ])
  })
})

/** What doctor says of the configuration. */
const told = async (rig: Rig): Promise<unknown> => {
  const { checks } = Object(await rig.data("doctor"))
  return Array.from(checks).find((each) => Object(each).name === "config")
}

describe("the configuration", () => {
  test.each(["a folder", "a FIFO"])(
    "may be %s: its settings have no effect, and doctor says so",
    async (what) => {
      await using rig = new Rig()
      const path = join(rig.home, "config.json")
      await rig.data("list")
      put[what]?.(path)
      const line = {
        status: "warn",
        message: `${path} is not a regular file: its settings have no effect`,
        fix: expect.stringContaining("move it away")
      }
      expect(await told(rig)).toMatchObject(line)
      await rig.endEngine()
      expect(await told(rig)).toMatchObject(line)
    }
  )

  test("that is not JSON is reported by doctor", async () => {
    await using rig = new Rig()
    const path = join(rig.home, "config.json")
    await rig.data("list")
    writeFileSync(path, "timeout = 3")
    expect(await told(rig)).toMatchObject({
      status: "warn",
      message: `${path} is not a JSON object`
    })
  })
})

test("a FIFO in the place of the configuration or the notice blocks nobody", async () => {
  await using rig = new Rig()
  await rig.data("list")
  await rig.endEngine()
  for (const name of ["config.json", "engine.json.draft"])
    Bun.spawnSync(["mkfifo", join(rig.home, name)])
  expect(await rig.data("list")).toMatchObject({ tasks: [] })
  expect(await rig.data("config show")).toMatchObject({ config: { maxDepth: expect.any(Number) } })
})

test("a file in the place of the folder of tasks or artifacts is reported", async () => {
  await using rig = new Rig()
  await rig.task("start", { id: "x", script: "echo hi" }, ["--wait"])
  const [artifacts, tasks] = [join(rig.home, "artifacts"), join(rig.home, "tasks")]
  writeFileSync(artifacts, "")
  expect(await rig.refusal(["logs", "x", "--output", "artifact"])).toMatchObject({
    type: "StoreError",
    message: expect.stringContaining(artifacts)
  })
  renameSync(tasks, `${tasks}.away`)
  writeFileSync(tasks, "")
  expect(await rig.refusal(["start", '{"command":"true"}'])).toMatchObject({
    type: "StoreError",
    message: expect.stringContaining(tasks)
  })
  renameSync(tasks, `${tasks}.file`)
  renameSync(`${tasks}.away`, tasks)
  expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["hi"] })
})

test("the engine's socket is as private as the home", async () => {
  await using rig = new Rig()
  await rig.data("list")
  expect(statSync(join(rig.home, "engine.sock")).mode & 0o777).toBe(0o600)
})
