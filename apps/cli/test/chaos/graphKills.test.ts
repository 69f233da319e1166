import { expect, test } from "bun:test"
import { bound } from "../bounds.ts"
import { Rig } from "../Rig.ts"
import { GraphKills } from "./GraphKills.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const seed = Number(process.env["BACKBEAT_CHAOS_SEED"] ?? Date.now() % 1_000_000)

const rounds = bound(8, 40)

test(`${rounds} kills at random moments leave every graph of tasks as the model says`, async () => {
  await using rig = new Rig()
  console.log(`seed ${seed}: BACKBEAT_CHAOS_SEED repeats it`)
  const { flaws, kills, ends } = await new GraphKills(rig, {
    rounds,
    random: new SeededRandom(seed)
  }).run()
  expect(flaws).toEqual([])
  expect(kills).toBeGreaterThan(rounds / 2)
  expect(ends.success).toBeGreaterThan(rounds / 2)
  expect(ends.withdrawn).toBeGreaterThanOrEqual(bound(0, 1))
}, 120_000)
