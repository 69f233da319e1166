/** When an attempt's time begins and ends. */
import { readExitRecord } from "@backbeat/engine/process/ExitRecord"
import { attemptIn } from "../attemptFiles.ts"
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { makeFifo } from "@backbeat/engine/system/processes"
import * as Schema from "effect/Schema"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const Timed = Schema.Struct({
  id: Schema.String,
  openedAt: Schema.String,
  startedAt: Schema.String
})
const decodeTimed = Schema.decodeUnknownSync(Timed)

const timedOf = async (rig: Rig, ids: ReadonlyArray<string>) =>
  Promise.all(ids.map(async (id) => decodeTimed(await rig.task("status", { id }))))

describe("an attempt's time", () => {
  test("starts when it was spawned, not when the call was committed", async () => {
    await using rig = new Rig()
    const ids = Array.from({ length: 40 }, (_, index) => `t${index}`)
    await rig.data(
      "start",
      ids.map((id) => ({ id, command: "sleep", args: ["60"], timeout: 600_000 }))
    )
    const tasks = await timedOf(rig, ["t0", "t20", "t39"])
    expect(new Set(tasks.map(({ openedAt }) => openedAt)).size).toBe(1)
    const begins = tasks.map(({ startedAt }) => Date.parse(startedAt))
    expect(begins).toEqual(begins.toSorted((one, other) => one - other))
    const [first = 0, last = 0] = [begins[0], begins.at(-1)]
    expect(last).toBeGreaterThan(first)
    expect(await rig.data("why", { id: "t39" })).toMatchObject({
      next: `It times out at ${new Date(last + 600_000).toISOString()}.`
    })
    const stopped = await rig.task("stop", { id: "t39", force: true })
    expect(stopped["startedAt"]).toBe(new Date(last).toISOString())
    expect(stopped["durationMs"]).toBe(Date.parse(String(stopped["endedAt"])) - last)
    expect(await rig.data("events", { id: "t39", types: ["task.cancelled"] })).toMatchObject({
      events: [{ data: { startedAt: new Date(last).toISOString() } }]
    })
  })

  test("is read from its shim by an engine that did not spawn it", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", command: "sleep", args: ["60"], timeout: 600_000 })
    const [before] = await timedOf(rig, ["a"])
    await rig.killEngine()
    const [after] = await timedOf(rig, ["a"])
    expect(Date.parse(after?.startedAt ?? "") - Date.parse(before?.startedAt ?? "")).toBeWithin(
      -250,
      50
    )
    await rig.data("start", { id: "b", script: "sleep 0.3; exit 3" })
    const [ran] = await timedOf(rig, ["b"])
    await rig.killEngine()
    const ended = await rig.task("wait", { id: "b" })
    expect(Date.parse(String(ended["startedAt"])) - Date.parse(ran?.startedAt ?? "")).toBeWithin(
      -250,
      50
    )
    // The kernel tells the start in hundredths of a second since a boot that is known to the second.
    expect(ended["durationMs"]).toBeGreaterThanOrEqual(250)
  })

  test("does not start if nothing could be spawned", async () => {
    await using rig = new Rig()
    expect(await rig.task("start", { id: "n", command: "/nowhere" }, ["--wait"])).toMatchObject({
      startedAt: null,
      durationMs: null,
      failure: { type: "NotSpawned" }
    })
  })
})

const limitMs = 2500

describe("a time limit that fires in an engine that was suspended", () => {
  test("does not count if the end is recorded or the line was printed", async () => {
    await using rig = new Rig()
    const gate = (id: string): string => {
      makeFifo(join(rig.scratch, id))
      return `read x <${id};`
    }
    const pass = (id: string): void => closeSync(openSync(join(rig.scratch, id), "w"))
    const started = rig.data("start", [
      { id: "timeout", timeout: limitMs, script: `${gate("timeout")} exit 0` },
      { id: "late", timeout: limitMs, script: `${gate("late")} exit 4` },
      { id: "stall", stallTimeoutMs: limitMs, script: `${gate("stall")} exit 0` },
      {
        id: "ready",
        readyWhen: { log: "listens", startupTimeoutMs: limitMs },
        script: `${gate("ready")} echo listens; sleep 60`
      }
    ])
    const ids = ["timeout", "late", "stall", "ready"]
    const pid = await rig.engine()
    await started
    signalProcess(pid, "SIGSTOP")
    for (const id of ["timeout", "stall", "ready"]) pass(id)
    await Bun.sleep(limitMs + 100)
    pass("late")
    const isRecorded = (id: string): boolean => readExitRecord(attemptIn(rig.home, id)) !== null
    while (!["timeout", "late", "stall"].every(isRecorded)) await Bun.sleep(5)
    signalProcess(pid, "SIGCONT")
    await rig.data("wait", { ids: ids.slice(0, 3) })
    expect(await rig.task("status", { id: "timeout" })).toMatchObject({
      status: "completed",
      exitCode: 0
    })
    expect(await rig.task("status", { id: "stall" })).toMatchObject({
      status: "completed",
      exitCode: 0
    })
    expect(await rig.task("status", { id: "late" })).toMatchObject({
      status: "failed",
      failure: { type: "ExitedNonZero", exitCode: 4 }
    })
    expect(JSON.stringify(await rig.data("why", { id: "late" }))).toMatch(
      /it ended \d+ ms after its timeout of 2500 ms, before an engine checked the timeout/u
    )
    expect(await rig.task("wait", { id: "ready", for: "ready" })).toMatchObject({
      status: "running",
      health: "ready"
    })
  })
})
