/** The soak by hand, as long as wanted: `bun run apps/cli/test/chaos/soak.ts --rounds 2000 --seed 7`; with `--graph` of tasks that wait for each other. */
import { parseArgs } from "node:util"
import { Rig } from "../Rig.ts"
import { GraphKills } from "./GraphKills.ts"
import { SeededRandom } from "./SeededRandom.ts"
import { RandomKills } from "./RandomKills.ts"

const { values } = parseArgs({
  options: {
    graph: { type: "boolean", default: false },
    rounds: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) }
  }
})
const begunAt = performance.now()
await using rig = new Rig()
console.log(`seed ${values.seed}, home ${rig.home}`)
const Load = values.graph ? GraphKills : RandomKills
const { flaws, ...figures } = await new Load(rig, { rounds: Number(values.rounds), random: new SeededRandom(Number(values.seed)) }).run()
console.log(JSON.stringify({ ...figures, seconds: Math.round((performance.now() - begunAt) / 1000) }))
for (const flaw of flaws) console.error(flaw)
process.exitCode = flaws.length === 0 ? 0 : 1
