/** Calls that change nothing: the engine writes nothing for them, and forces nothing to the disk. */
import { expect, test } from "bun:test"
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

test("calls that only read, and slots that cannot be filled, write and flush nothing", async () => {
  await using rig = new Rig()
  await rig.data("config set", { key: "queues.one.concurrency", value: 1 })
  const healthProbe = { command: "true", intervalMs: 50 }
  await rig.data("start", { id: "web", script: "echo up; sleep 60", healthProbe })
  await rig.data("wait", { id: "web", for: "ready" })
  await rig.data("start", { id: "first", script: "sleep 60", queue: "one" })
  await rig.data("start", { id: "second", script: "true", queue: "one" })
  const log = join(rig.home, "backbeat.db-wal")
  const written = () => {
    const { mtimeMs, size } = statSync(`${log}-moved`)
    return { mtimeMs, size }
  }
  // A flush would find no log, and say so in engine.log.
  renameSync(log, `${log}-moved`)
  const before = written()
  for (let n = 0; n < 20; n++) {
    await rig.data("status", { id: "web" })
    await rig.data("list")
    await rig.data("logs", { id: "web" })
    await rig.data("why", { id: "second" })
    // The engine reads the file with the next call, and finds that nothing may start.
    writeFileSync(
      join(rig.home, "config.json"),
      JSON.stringify({ queues: { one: { concurrency: 1 } }, retentionDays: n + 1 })
    )
  }
  expect(written()).toEqual(before)
  renameSync(`${log}-moved`, log)
  expect(readFileSync(join(rig.home, "engine.log"), "utf8")).not.toContain("forced to the disk")
  await rig.data("stop", { id: "first" })
  expect(await rig.task("wait", { id: "second" })).toMatchObject({ status: "completed" })
})
