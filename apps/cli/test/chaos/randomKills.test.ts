import { expect, test } from "bun:test"
import { bound } from "../bounds.ts"
import { Rig } from "../Rig.ts"
import { RandomKills } from "./RandomKills.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const seed = Number(process.env["BACKBEAT_CHAOS_SEED"] ?? Date.now() % 1_000_000)

const rounds = bound(10, 60)

test(`${rounds} kills at random moments leave every task as the oracle saw it`, async () => {
  await using rig = new Rig()
  console.log(`seed ${seed}: BACKBEAT_CHAOS_SEED repeats it`)
  const { flaws, kills } = await new RandomKills(rig, {
    rounds,
    random: new SeededRandom(seed)
  }).run()
  expect(flaws).toEqual([])
  expect(kills).toBeGreaterThan(rounds / 2)
}, 240_000)
