/** A start that found no room on the disk, and whose engine was killed: on the simulated machine. */
import { beforeAll, expect, test } from "bun:test"
import { SeededRandom } from "../oracle/SeededRandom.ts"
import { warmUp } from "../simulator/warmUp.ts"
import { World } from "../simulator/World.ts"

beforeAll(warmUp)

test("the next engine starts it again, however long after its timeout it comes", async () => {
  const world = new World(new SeededRandom(1), () => {})
  world.behaviours.set("t", [
    { lastsMs: 10, exitCode: 0, onTerm: "dies", leaves: [], writesAtMs: [] }
  ])
  world.call("start", { id: "t", script: "sim", timeout: 1000 }, () => {})
  while (world.truth.runs.length === 0) await world.pass(0.1)
  // Its shim is there, and has not claimed the attempt.
  world.disk.isFull = true
  world.life?.kill()
  world.stall(5000)
  world.disk.isFull = false
  world.call("status", { id: "t" }, () => {})
  await world.pass(2000)
  const state = world.stores.memory.entries.get("t")?.task.state
  await world.leave()
  expect(state).toMatchObject({ status: "completed", end: { outcome: { exitCode: 0 } } })
})
