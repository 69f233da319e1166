/** Attempts that an engine of an earlier version has started, with a file each for claim, messages and end: the next engine looks after them. */
import { expect, test } from "bun:test"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { signalGroup } from "@backbeat/engine/process/posix"
import { attemptIn } from "../attemptFiles.ts"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import { atLine, shownOf } from "./Shown.ts"

const environmentOf = (pid: number): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, "latin1")
      .split("\0")
      .filter((pair) => pair.startsWith("BACKBEAT_") || pair.startsWith("PATH="))
      .map((pair) => {
        const [name = "", ...value] = pair.split("=")
        return [name, value.join("=")]
      })
  )

const earlierShim = join(import.meta.dir, "../../../../packages/engine/test/process/earlierShim.ts")

/** A running task whose engine is dead, with its attempt as the earlier version would have started it. */
const leaveEarlier = async (rig: Rig, id: string, script: string) => {
  const { pid = 0 } = shownOf(await rig.data("start", { id, script: `echo up; sleep 60` }))
  await atLine(rig, id, "up")
  await rig.killEngine()
  const env = environmentOf(pid ?? 0)
  signalGroup(pid ?? 0, "SIGKILL")
  while (isAlive(pid ?? 0)) await Bun.sleep(1)
  rmSync(attemptIn(rig.home, id), { recursive: true })
  const started = Bun.spawn({
    cmd: [process.execPath, earlierShim, attemptIn(rig.home, id), "/bin/sh", "-c", script],
    env,
    stdio: ["ignore", "pipe", "inherit"]
  })
  return Number(await new Response(started.stdout).text())
}

test("an attempt of an earlier version is adopted by the next engine, which records its end", async () => {
  await using rig = new Rig()
  const gate = join(rig.scratch, "gate")
  const script = `echo before; while [ ! -e '${gate}' ]; do sleep 0.01; done; echo after; exit 7`
  const shim = await leaveEarlier(rig, "t", script)
  await atLine(rig, "t", "before")
  expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", pid: shim })
  writeFileSync(gate, "")
  expect(await rig.task("wait", { id: "t" })).toMatchObject({
    status: "failed",
    exitCode: 7,
    attempt: 1
  })
  expect(await rig.data("logs", { id: "t" })).toMatchObject({ lines: ["before", "after"] })
})

test("an attempt of an earlier version that ended while no engine ran ends with its record", async () => {
  await using rig = new Rig()
  const shim = await leaveEarlier(rig, "t", "kill -s TERM $$")
  while (isAlive(shim)) await Bun.sleep(1)
  expect(await rig.task("status", { id: "t" })).toMatchObject({
    status: "failed",
    failure: { type: "Signalled", signal: "SIGTERM" }
  })
})

test("an attempt of an earlier version is stopped, and the next one is of this version", async () => {
  await using rig = new Rig()
  const shim = await leaveEarlier(rig, "t", "echo before; exec sleep 60")
  await atLine(rig, "t", "before")
  expect(await rig.task("stop", { id: "t" })).toMatchObject({ status: "cancelled" })
  expect(isAlive(shim)).toBe(false)
  expect(await rig.task("restart", { id: "t" })).toMatchObject({ attempt: 2, status: "running" })
})
