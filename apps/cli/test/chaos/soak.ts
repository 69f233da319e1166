/**
 * The soak by hand, as long as wanted: `bun run apps/cli/test/chaos/soak.ts --rounds 2000 --seed 7`; with `--graph` of tasks that wait for
 * each other, with `--faults` under each means in turn, with `--means kill` under that one.
 */
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Rig } from "../Rig.ts"
import { SmallDisk } from "../SmallDisk.ts"
import { GraphKills } from "./GraphKills.ts"
import { type means, meansNames } from "./means.ts"
import { RandomFaults } from "./RandomFaults.ts"
import { RandomKills } from "./RandomKills.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const { values } = parseArgs({
  options: {
    graph: { type: "boolean", default: false },
    faults: { type: "boolean", default: false },
    means: { type: "string", multiple: true },
    rounds: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) }
  }
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]

const tell = (
  name: string,
  begunAt: number,
  { flaws, ...figures }: { readonly flaws: ReadonlyArray<string> }
): void => {
  console.log(
    name,
    JSON.stringify({ ...figures, seconds: Math.round((performance.now() - begunAt) / 1000) })
  )
  for (const flaw of flaws) console.error(flaw)
  if (flaws.length > 0) process.exitCode = 1
}

const load = async (): Promise<void> => {
  const begunAt = performance.now()
  await using rig = new Rig()
  const Load = values.graph ? GraphKills : RandomKills
  tell(Load.name, begunAt, await new Load(rig, { rounds, random: new SeededRandom(seed) }).run())
}

const faults = async (name: keyof typeof means): Promise<void> => {
  const begunAt = performance.now()
  using disk = name === "fullDisk" ? new SmallDisk(rounds > 200 ? "512m" : "64m") : null
  if (disk !== null && disk.refusal !== "")
    return console.log(`${name} is left out: ${disk.refusal}`)
  await using rig = disk === null ? new Rig() : new Rig(join(disk.point, "home"))
  tell(
    name,
    begunAt,
    await new RandomFaults(rig, {
      means: name,
      rounds,
      random: new SeededRandom(seed),
      ...(disk === null ? {} : { disk })
    }).run()
  )
}

console.log(`seed ${seed}`)
const chosen = meansNames.filter((name) => values.means?.includes(name) ?? values.faults)
for (const name of chosen) await faults(name)
if (chosen.length === 0) await load()
