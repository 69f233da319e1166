/** The limit of a call and the restart of a pipeline hold whatever engine is killed. */
import { expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pipelineOf } from "../PipelineShown.ts"
import { Rig } from "../Rig.ts"

/** How many ran at the same time at most, from the lines that each wrote as it began and as it ended. */
const mostAtOnce = (log: string): number => {
  let running = 0
  let most = 0
  for (const line of log.trim().split("\n")) {
    running += line === "+" ? 1 : -1
    most = Math.max(most, running)
  }
  return most
}

test("a call never runs more tasks than its limit, even if engine after engine is killed", async () => {
  await using rig = new Rig()
  const tasks = Array.from({ length: 12 }, (_, index) => ({
    id: `t${index}`,
    cwd: rig.scratch,
    script: "echo + >> log; sleep 0.1; echo - >> log"
  }))
  await rig.data("start", tasks, ["--concurrency", "3"])
  for (let kill = 0; kill < 3; kill++) {
    await rig.killEngine()
    await rig.data("list", { limit: 1 })
  }
  await rig.data("wait", { ids: tasks.map(({ id }) => id) })
  const log = readFileSync(join(rig.scratch, "log"), "utf8")
  expect(log.match(/\+/gu)).toHaveLength(12)
  expect(mostAtOnce(log)).toBe(3)
})

test("a pipeline whose engine is killed at its restart runs again and ends again", async () => {
  await using rig = new Rig()
  const steps = [
    "echo one >> ran",
    { key: "two", script: "echo two >> ran; test -e go" },
    { key: "three", script: "echo three >> ran" }
  ]
  await rig.data("pipeline create", { id: "p", cwd: rig.scratch, steps }, ["--wait"])
  writeFileSync(join(rig.scratch, "go"), "")
  await rig.data("restart", { id: "p" })
  await rig.killEngine()
  expect(pipelineOf(await rig.data("wait", { id: "p" }))).toMatchObject({ status: "completed" })
  expect(readFileSync(join(rig.scratch, "ran"), "utf8")).toBe("one\ntwo\ntwo\nthree\n")
})
