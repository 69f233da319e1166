/** Limits and use of resources: who set a limit, and the memory of what has ended. */
import { expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const whyRuns = async (rig: Rig, id: string): Promise<unknown> =>
  Object(await rig.data("why", { id })).running

test("why and plan show where the output limit of a task is set", async () => {
  await using rig = new Rig()
  await rig.call(["list"], { env: { MAX_OUTPUT_BUFFER: "200000" } })
  const from = "the variable MAX_OUTPUT_BUFFER"
  await rig.data("start", [
    { id: "set", command: "sleep", args: ["60"] },
    { id: "given", command: "sleep", args: ["60"], maxOutputBytes: 100_000, stallTimeoutMs: 50_000 }
  ])
  expect(await whyRuns(rig, "set")).toMatchObject({
    maxOutputBytes: 200_000,
    maxOutputBytesFrom: from
  })
  expect(await whyRuns(rig, "given")).toMatchObject({
    maxOutputBytes: 100_000,
    maxOutputBytesFrom: "the task",
    stallTimeoutMs: 50_000,
    stallTimeoutFrom: "the task"
  })
  expect(
    await rig.data("plan", { operation: "start", payload: { command: "true" } })
  ).toMatchObject({
    tasks: [
      {
        spec: { maxOutputBytesFrom: from },
        warnings: [`200000 bytes of each stream are kept: set by ${from}`]
      }
    ]
  })
})

test("doctor lists the limits that the file sets", async () => {
  await using rig = new Rig()
  await rig.call(["config", "set", '{"key":"timeout","value":5000}'])
  expect(await rig.data("doctor")).toMatchObject({
    checks: expect.arrayContaining([
      expect.objectContaining({
        name: "config",
        message: "every value is valid; set in the file: timeout"
      })
    ])
  })
})

test("a task that is not ready in time names the limit", async () => {
  await using rig = new Rig()
  const never = {
    command: "sleep",
    args: ["60"],
    readyWhen: { log: "ready", startupTimeoutMs: 100 }
  }
  await rig.call(["start", JSON.stringify({ id: "x", ...never }), "--wait"])
  expect(await rig.data("status", { id: "x" })).toMatchObject({
    task: { failure: { type: "NotReady", withinMs: 100 } }
  })
  expect(JSON.stringify(await rig.data("why", { id: "x" }))).toContain(
    "was not ready within 100 ms (startupTimeoutMs)"
  )
})

test("why and full show the maximum memory of a process of an ended task", async () => {
  await using rig = new Rig()
  const megabytes = 250
  const filling = `dd if=/dev/zero of=/dev/null bs=${megabytes}000000 count=1 2>/dev/null`
  await rig.call(["start", JSON.stringify({ id: "x", script: filling }), "--wait"])
  const why = Object(await rig.data("why", { id: "x" }))
  expect(why.peakMemoryBytes).toBeGreaterThan(megabytes * 1_000_000)
  const { task } = Object(await rig.data("status", { id: "x", full: true }))
  expect(task.peakMemoryBytes).toBe(why.peakMemoryBytes)
  await rig.call(["start", JSON.stringify({ id: "small", command: "true" }), "--wait"])
  expect(await rig.data("why", { id: "small" })).not.toHaveProperty("peakMemoryBytes")
})
