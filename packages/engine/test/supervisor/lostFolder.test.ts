/** On the simulated machine: the folder of a running attempt is deleted while the next engine takes the attempt over. */
import { beforeAll, expect, test } from "bun:test"
import { SeededRandom } from "../oracle/SeededRandom.ts"
import { warmUp } from "../simulator/warmUp.ts"
import { World } from "../simulator/World.ts"

beforeAll(warmUp)

test("a running attempt whose folder is deleted during recovery is not started again", async () => {
  const world = new World(new SeededRandom(1), () => {})
  world.behaviours.set("t", [
    { lastsMs: 1000, exitCode: 0, onTerm: "dies", leaves: [], writesAtMs: [] }
  ])
  world.call("start", { id: "t", script: "sim" }, () => {})
  await world.pass(200)
  world.life?.kill()
  const dir = `${world.root}/tasks/t/1`
  let looks = 0
  world.onEffect = (what) => {
    // The first look at it has found that it lives.
    if (what === `open ${dir}/claim` && ++looks === 2) world.disk.remove(dir)
  }
  world.call("status", { id: "t" }, () => {})
  await world.pass(2000)
  const { runs } = world.truth
  const state = world.stores.memory.entries.get("t")?.task.state
  await world.leave()
  expect(looks).toBeGreaterThan(1)
  expect(runs.map(({ attempt, begunMs }) => [attempt, begunMs !== null])).toEqual([[1, true]])
  expect(state).toMatchObject({ status: "failed", failure: { type: "Lost" } })
})
