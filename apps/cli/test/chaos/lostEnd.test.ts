/** A database that has lost its end: what it does not know any more is told of, and not started a second time. */
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive, killAndAwait } from "../processes.ts"

/** Ends a shim and its command, and waits until both are gone. */
const end = async (pid: number): Promise<void> => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number)
  for (const each of [pid, ...children]) await killAndAwait(each)
}

/** A home whose store has forgotten the living task `a`; its pid. */
const forget = async (rig: Rig): Promise<number> => {
  await rig.task("start", { id: "old", command: "true" }, ["--wait"])
  await rig.data("engine stop")
  const { pid } = await rig.task("start", { id: "a", command: "sleep", args: ["60"] })
  writeFileSync(join(rig.home, "backbeat.db-wal"), "")
  await rig.killEngine()
  return Number(pid)
}

const warning = async (rig: Rig): Promise<unknown> => {
  const { checks } = await rig.data("doctor")
  return Array.isArray(checks) ? checks.find(({ name }) => name === "tasks") : undefined
}

describe("a task that the database has lost", () => {
  test("is reported by doctor and in the log, with the pids of its live processes", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "old", command: "true" }, ["--wait"])
    expect(await warning(rig)).toBeUndefined()
    const pid = await forget(rig)
    expect(await rig.data("list")).toMatchObject({ tasks: [{ id: "old" }] })
    expect(await warning(rig)).toMatchObject({
      status: "warn",
      message: expect.stringMatching(
        new RegExp(`1 task has a folder .* a \\(alive: .*${pid} `, "u")
      )
    })
    const log = () => readFileSync(join(rig.home, "engine.log"), "utf8")
    while (!log().includes("no entry in the database: a (alive:")) await Bun.sleep(5)
    await end(pid)
  })

  test("is not started while its processes are alive", async () => {
    await using rig = new Rig()
    const pid = await forget(rig)
    const { type, details } = await rig.refusal(["start", '{"id":"a","command":"true"}'])
    expect([type, String(details["alive"]).includes(`${pid} `)]).toEqual([
      "TaskAlreadyRunning",
      true
    ])
    expect(
      JSON.stringify(await rig.data("plan", { payload: { id: "a", command: "true" } }))
    ).toContain("it would be rejected with TaskAlreadyRunning")
    expect(isAlive(pid)).toBe(true)
    await end(pid)
    expect(await rig.task("start", { id: "a", command: "true" }, ["--wait"])).toMatchObject({
      status: "completed",
      attempt: 1
    })
    expect(await warning(rig)).toBeUndefined()
  })
})
