import { currentBootId } from "@backbeat/engine/process/Identity"
import { recordIn } from "../attemptFiles.ts"
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { signalGroup } from "@backbeat/engine/process/posix"
import { Rig } from "../Rig.ts"
import { isAlive, killAndAwait } from "../processes.ts"
import { atLine, shownOf } from "./Shown.ts"

/** Starts a task that is up, kills the engine and then the whole group of the task. */
const leaveForDead = async (rig: Rig, id: string): Promise<number> => {
  const { pid } = shownOf(await rig.data("start", { id, script: "echo up; sleep 60" }))
  await atLine(rig, id, "up")
  await rig.killEngine()
  signalGroup(pid ?? 0, "SIGKILL")
  while (isAlive(pid ?? 0)) await Bun.sleep(1)
  return pid ?? 0
}

/** A process that has nothing to do with backbeat, the leader of its group. */
const stranger = () =>
  Bun.spawn(["sleep", "60"], { detached: true, stdio: ["ignore", "ignore", "ignore"] })

describe("a process that has reused the pid of an attempt's shim", () => {
  test("is not taken for the shim: the task is lost, and the process is not touched", async () => {
    await using rig = new Rig()
    const other = stranger()
    try {
      const pid = await leaveForDead(rig, "t")
      const claim = readFileSync(recordIn(rig.home, "t"), "utf8")
      writeFileSync(recordIn(rig.home, "t"), claim.replaceAll(String(pid), String(other.pid)))
      const task = shownOf(await rig.data("status", { id: "t" }))
      expect(task).toMatchObject({ status: "failed", failure: { type: "Lost" } })
      expect(task.failure?.evidence).toContain(`pid ${other.pid}`)
      expect(isAlive(other.pid)).toBe(true)
    } finally {
      await killAndAwait(other.pid)
    }
  })

  test("is not signalled by the unfinished stop of a killed engine", async () => {
    await using rig = new Rig()
    const other = stranger()
    try {
      const { pid } = shownOf(
        await rig.data("start", {
          id: "t",
          script: "trap '' TERM; echo up; while :; do sleep 1; done"
        })
      )
      await atLine(rig, "t", "up")
      const stopping = rig.spawn(["stop", "t"])
      await rig.data("events", { id: "t" })
      while (shownOf(await rig.data("status", { id: "t" })).status !== "stopping")
        await Bun.sleep(5)
      stopping.kill("SIGKILL")
      await rig.killEngine()
      signalGroup(pid ?? 0, "SIGKILL")
      while (isAlive(pid ?? 0)) await Bun.sleep(1)
      const claim = readFileSync(recordIn(rig.home, "t"), "utf8")
      writeFileSync(recordIn(rig.home, "t"), claim.replaceAll(String(pid), String(other.pid)))
      expect(await rig.task("wait", { id: "t" })).toMatchObject({ status: "cancelled" })
      expect(isAlive(other.pid)).toBe(true)
    } finally {
      await killAndAwait(other.pid)
    }
  })
})

describe("an attempt of another boot", () => {
  test("is lost once, and the evidence says that the machine was rebooted", async () => {
    await using rig = new Rig()
    await leaveForDead(rig, "t")
    const claim = readFileSync(recordIn(rig.home, "t"), "utf8")
    writeFileSync(
      recordIn(rig.home, "t"),
      claim.replace(currentBootId(), "00000000-0000-4000-8000-000000000000")
    )
    const task = shownOf(await rig.data("status", { id: "t" }))
    expect(task).toMatchObject({ status: "failed", failure: { type: "Lost" } })
    expect(task.failure?.evidence).toMatch(/restarted/u)
    await rig.killEngine()
    await rig.data("status", { id: "t" })
    const { events } = await rig.data("events", { id: "t", types: ["task.failed"] })
    expect(events).toHaveLength(1)
  })

  test("is started again by its restart policy, once", async () => {
    await using rig = new Rig()
    const ran = join(rig.scratch, "ran")
    const script = `echo $BACKBEAT_ATTEMPT >>'${ran}'; echo up; [ $BACKBEAT_ATTEMPT = 2 ] && exit 0; sleep 60`
    const { pid } = shownOf(
      await rig.data("start", { id: "t", script, restart: { when: "on-failure", delayMs: 100 } })
    )
    await atLine(rig, "t", "up")
    await rig.killEngine()
    signalGroup(pid ?? 0, "SIGKILL")
    while (isAlive(pid ?? 0)) await Bun.sleep(1)
    expect(await rig.task("wait", { id: "t" })).toMatchObject({ status: "completed", attempt: 2 })
    expect(readFileSync(ran, "utf8")).toBe("1\n2\n")
  })
})
