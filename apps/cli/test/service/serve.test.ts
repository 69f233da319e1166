/** The engine in the foreground. */
import { expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

/** Starts `serve`, and waits until it says that it serves. */
const serving = async (rig: Rig, env: Readonly<Record<string, string>> = {}) => {
  const child = rig.spawn(["serve"], { env })
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  let text = ""
  while (!text.includes("\n")) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`serve ended: ${await new Response(child.stderr).text()}`)
    text += decoder.decode(value)
  }
  /** What it says from then on. */
  const rest = async (): Promise<string> => {
    let more = ""
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return more
      more += decoder.decode(value)
    }
  }
  return { child, first: JSON.parse(text.split("\n")[0] ?? ""), rest }
}

test("serve is the engine of the home until it is stopped, however long it has nothing to do", async () => {
  await using rig = new Rig()
  const { child, first, rest } = await serving(rig, { BACKBEAT_IDLE_EXIT_MS: "100" })
  expect(first).toMatchObject({ state: "ready", pid: child.pid })
  // An engine that a call started would have ended ten times by now.
  await Bun.sleep(1000)
  expect(await rig.enginePid()).toBe(child.pid)
  await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
  signalProcess(child.pid, "SIGTERM")
  expect(JSON.parse(await rest())).toEqual({
    ok: true,
    command: "serve",
    data: { home: rig.home }
  })
  expect(await child.exited).toBe(0)
  // Its tasks go on under the next engine.
  expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", attempt: 1 })
})

test("serve takes the home over from an engine that runs, with its tasks", async () => {
  await using rig = new Rig()
  const { pid } = await rig.task("start", { id: "t", command: "sleep", args: ["60"] })
  const before = await rig.engine()
  const { child } = await serving(rig)
  expect(await rig.enginePid()).toBe(child.pid)
  while (isAlive(before)) await Bun.sleep(5)
  expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running", pid })
  const next = await serving(rig)
  expect(await child.exited).toBe(0)
  expect(await rig.enginePid()).toBe(next.child.pid)
})

test("serve of a folder that is no home is refused", async () => {
  await using rig = new Rig()
  expect(await rig.refusal(["serve", "--home", "/etc"])).toMatchObject({
    command: "serve",
    type: "CommandInputError"
  })
})
