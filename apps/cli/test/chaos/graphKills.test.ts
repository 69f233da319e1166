import { expect, test } from "bun:test"
import { Rig } from "../Rig.ts"
import { GraphKills } from "./GraphKills.ts"
import { SeededRandom } from "./SeededRandom.ts"

const seed = Number(process.env["BACKBEAT_CHAOS_SEED"] ?? Date.now() % 1_000_000)

test("forty kills at random moments leave every graph of tasks as the model says", async () => {
  await using rig = new Rig()
  console.log(`seed ${seed}: BACKBEAT_CHAOS_SEED repeats it`)
  const { flaws, kills, ends } = await new GraphKills(rig, {
    rounds: 40,
    random: new SeededRandom(seed)
  }).run()
  expect(flaws).toEqual([])
  expect(kills).toBeGreaterThan(20)
  expect(ends.success).toBeGreaterThan(30)
  expect(ends.withdrawn).toBeGreaterThan(0)
}, 120_000)
