/** A few rounds of each means, which wait more than they work and so share the machine; `bun run test:long` runs twenty, `test:chaos` two thousand. */
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { bound } from "../bounds.ts"
import { Rig } from "../Rig.ts"
import { SmallDisk } from "../SmallDisk.ts"
import { RandomFaults } from "./RandomFaults.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const seed = Number(process.env["BACKBEAT_CHAOS_SEED"] ?? Date.now() % 1_000_000)
const rounds = bound(4, 20)
/** Each round of a crowd starts a hundred tasks. */
const crowdRounds = 1

describe(`with seed ${seed} (BACKBEAT_CHAOS_SEED repeats it) all that is said of tasks is so`, () => {
  for (const means of ["kill", "stoppedEngine", "stoppedShim", "damage"] as const) {
    test.concurrent(`under ${rounds} times ${means}`, async () => {
      await using rig = new Rig()
      const { flaws, attempts } = await new RandomFaults(rig, {
        means,
        rounds,
        random: new SeededRandom(seed)
      }).run()
      expect(flaws).toEqual([])
      expect(attempts).toBeGreaterThan(rounds / 2)
    }, 60_000)
  }

  test.concurrent("when a hundred start at once", async () => {
    await using rig = new Rig()
    const { flaws } = await new RandomFaults(rig, {
      means: "crowd",
      rounds: crowdRounds,
      random: new SeededRandom(seed)
    }).run()
    expect(flaws).toEqual([])
  }, 60_000)

  test.concurrent("on a disk that is repeatedly full, if one can be mounted", async () => {
    using disk = new SmallDisk("48m")
    // Without the right to mount there is no disk to fill: then the same rounds run without one.
    const isThere = disk.refusal === ""
    await using rig = isThere ? new Rig(join(disk.point, "home")) : new Rig()
    const { flaws } = await new RandomFaults(rig, {
      means: "fullDisk",
      rounds,
      random: new SeededRandom(seed),
      ...(isThere ? { disk } : {})
    }).run()
    expect(flaws).toEqual([])
  }, 60_000)
})
