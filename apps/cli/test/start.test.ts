import { expect, test } from "bun:test"
import { Rig } from "./Rig.ts"

test("a command ends with its exit code, and its output is stored", async () => {
  await using rig = new Rig()
  const task = await rig.task("start", { id: "demo", script: "echo hello; exit 3" }, ["--wait"])
  expect(task).toMatchObject({
    id: "demo",
    status: "failed",
    exitCode: 3,
    failure: { type: "ExitedNonZero", exitCode: 3 }
  })
  expect(await rig.data("logs", { id: "demo" })).toMatchObject({ lines: ["hello"], totalLines: 1 })
})

test("a task survives its engine, and the next engine finds its end", async () => {
  await using rig = new Rig()
  await rig.task("start", {
    id: "long",
    stdin: "open",
    script: "read word; echo got $word; exit 9"
  })
  await rig.killEngine()
  await rig.data("send", { id: "long", text: "it\n" })
  expect(await rig.task("wait", { id: "long" })).toMatchObject({
    status: "failed",
    exitCode: 9,
    attempt: 1
  })
  expect(await rig.data("logs", { id: "long" })).toMatchObject({ lines: ["got it"] })
})
