/**
 * Plays histories: `bun run simulate --histories 1000 --seed 7 --steps 50`. Of a failing one the shortest that fails in the same way is
 * printed with its trace. `--replay 1234` plays the history of one seed again and prints each step; `--mutations` proves that the
 * simulator sees what it is for; `--first` ends at the first failure, `--seconds 60` when so much time is over.
 */
import { parseArgs } from "node:util"
import { play, scriptOf } from "./History.ts"
import { proveMutations } from "./proveMutations.ts"
import { shrink } from "./shrink.ts"
import { warmUp } from "./warmUp.ts"

const { values } = parseArgs({
  options: {
    histories: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    steps: { type: "string", default: "50" },
    seconds: { type: "string", default: "86400" },
    first: { type: "boolean", default: false },
    replay: { type: "string" },
    mutations: { type: "boolean", default: false }
  }
})
const steps = Number(values.steps)

const tellFailure = async (seed: number): Promise<void> => {
  const script = scriptOf(seed, steps)
  const found = await shrink({ script, outcome: await play(script) }, play)
  console.log(`seed ${seed} fails; shrunk to ${found.script.steps.length} steps:`)
  for (const line of found.outcome.trace) console.log(line.slice(0, 400))
}

const playAll = async (): Promise<void> => {
  const begunMs = performance.now()
  const [first, count] = [Number(values.seed), Number(values.histories)]
  const untilMs = begunMs + Number(values.seconds) * 1000
  let [played, runs] = [0, 0]
  const failed: Array<number> = []
  for (let seed = first; seed < first + count && performance.now() < untilMs; seed++) {
    const outcome = await play(scriptOf(seed, steps))
    played++
    runs += outcome.runs
    if (outcome.flaws.length === 0) continue
    failed.push(seed)
    console.log(`seed ${seed}: ${outcome.flaws.join("\n  ").slice(0, 1000)}`)
    if (values.first) break
  }
  const seconds = ((performance.now() - begunMs) / 1000).toFixed(1)
  console.log(`${played} histories, ${runs} attempts, ${failed.length} failed, ${seconds} s`)
  const [one] = failed
  if (one === undefined) return
  process.exitCode = 1
  if (!values.first) await tellFailure(one)
}

if (values.mutations) process.exitCode = (await proveMutations()) ? 0 : 1
else {
  await warmUp()
  if (values.replay === undefined) await playAll()
  else {
    const { flaws } = await play(scriptOf(Number(values.replay), steps), console.log)
    process.exitCode = flaws.length === 0 ? 0 : 1
  }
}
