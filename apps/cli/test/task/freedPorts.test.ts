/** What a stop and a time-out tell of the ports that their processes held, and that nothing is left. */
import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { Rig } from "../Rig.ts"

const listening =
  'const { port } = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }); console.log(port)'

const server = (id: string, more: object = {}) => ({
  id,
  command: process.execPath,
  args: ["-e", listening],
  readyWhen: { log: "^\\d+$" },
  ...more
})

const portOf = async (rig: Rig, id: string): Promise<number> => {
  const { line } = Object(await rig.data("wait", { id, for: { log: "^\\d+$" } }))
  return Number(line)
}

const hasPorts = existsSync("/proc/self/net/tcp")

test.if(hasPorts)("a stop reports the port that it freed", async () => {
  await using rig = new Rig()
  await rig.data("start", server("x"), ["--wait"])
  const port = await portOf(rig, "x")
  expect(await rig.data("stop", { id: "x" })).toMatchObject({ freedPorts: [port], left: [] })
  expect(JSON.stringify(await rig.data("why", { id: "x" }))).toContain(`, and freed port ${port}"`)
})

test.if(hasPorts)("a task that timed out reports the port that was freed", async () => {
  await using rig = new Rig()
  await rig.data("start", server("x", { timeout: 1500 }))
  const port = await portOf(rig, "x")
  const { task } = Object((await rig.call(["wait", "x"])).document["data"])
  expect(task).toMatchObject({ failure: { type: "TimedOut" }, freedPorts: [port] })
})

test("a stop of several tasks, a tag or a pipeline reports that no process is left", async () => {
  await using rig = new Rig()
  const sleep = { command: "sleep", args: ["60"] }
  await rig.data("start", [
    { id: "a", ...sleep, tags: ["t"] },
    { id: "b", ...sleep, tags: ["t"] },
    { id: "c", ...sleep }
  ])
  expect(await rig.data("stop", { tag: "t" })).toMatchObject({ outcome: "succeeded", left: [] })
  expect(await rig.data("stop", { ids: ["a", "c"] })).toMatchObject({
    outcome: "succeeded",
    left: []
  })
  await rig.data("pipeline create", { id: "p", steps: [{ ...sleep }] })
  expect(await rig.data("stop", { id: "p" })).toMatchObject({
    pipeline: { status: "cancelled" },
    left: []
  })
  expect(await rig.data("stop", { id: "p" })).toMatchObject({ alreadyEnded: true, left: [] })
})
