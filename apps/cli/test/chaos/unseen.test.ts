/** Processes that hold nothing of their task but the mark in their environment: a full look finds them before anything is told or removed. */
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive, killAndAwait } from "../processes.ts"

/** Leaves a process in the background that closed descriptor 3. */
const leaves =
  "setsid sh -c 'exec 3>&-; echo $$ >>pids; exec sleep 60' & while [ ! -s pids ]; do sleep 0.01; done; exit 0"

const pidOf = (rig: Rig): number => Number(readFileSync(join(rig.scratch, "pids"), "utf8").trim())

const killShim = async (rig: Rig): Promise<void> => {
  const { pid } = await rig.task("status", { id: "a" })
  if (typeof pid === "number") await killAndAwait(pid)
}

describe("an ended task with such a process", () => {
  test("is kept by prune, and why lists the process", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "c", script: leaves }, ["--wait"])
    const pid = pidOf(rig)
    expect(await rig.data("why", { id: "c" })).toMatchObject({
      because: [{ what: expect.stringContaining(`${pid} sleep 60`) }, {}, {}]
    })
    expect(await rig.data("prune", { olderThanDays: 0 })).toMatchObject({ removed: [] })
    expect(isAlive(pid)).toBe(true)
    await rig.data("stop", { id: "c" })
    expect(isAlive(pid)).toBe(false)
    expect(await rig.data("prune", { olderThanDays: 0 })).toMatchObject({ removed: ["c"] })
  })

  test("is stopped by the cancellation of its pipeline", async () => {
    await using rig = new Rig()
    const steps = [{ script: leaves }, { script: "echo second; exec sleep 50" }]
    const { pipeline } = await rig.data("pipeline create", { id: "q", steps })
    expect(pipeline).toBeObject()
    await rig.data("wait", { id: "q.2", for: { log: "second" } })
    await rig.data("pipeline cancel", { id: "q" })
    expect(isAlive(pidOf(rig))).toBe(false)
  })
})

describe("a task whose shim is killed while its command holds no descriptor", () => {
  const script = "exec sh -c 'exec 3>&-; echo $$ >>pids; echo up; exec sleep 60'"
  test("runs and keeps its slot until the command has ended, and is then lost", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "queues", value: { one: { concurrency: 1 } } })
    await rig.data("start", [
      { id: "a", queue: "one", script },
      { id: "b", queue: "one", command: "true" }
    ])
    await rig.data("wait", { id: "a", for: { log: "up" } })
    await killShim(rig)
    expect(await rig.data("why", { id: "a" })).toMatchObject({ status: "running" })
    expect(await rig.task("status", { id: "b" })).toMatchObject({ status: "queued" })
    signalProcess(pidOf(rig), "SIGKILL")
    expect(await rig.task("wait", { id: "a" })).toMatchObject({
      status: "failed",
      failure: { type: "Lost" }
    })
    expect(await rig.task("wait", { id: "b" })).toMatchObject({ status: "completed" })
  })

  test("continues under the next engine, and can be stopped", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", script })
    await rig.data("wait", { id: "a", for: { log: "up" } })
    const { pid } = await rig.task("status", { id: "a" })
    await rig.killEngine()
    if (typeof pid === "number") await killAndAwait(pid)
    expect(await rig.task("status", { id: "a" })).toMatchObject({ status: "running" })
    expect(await rig.task("stop", { id: "a" })).toMatchObject({ status: "cancelled" })
    expect(isAlive(pidOf(rig))).toBe(false)
  })
})
