/** Some dozen histories of the engine on the simulated machine, by fixed seeds, and tests of the simulator itself. */
import { beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { SeededRandom } from "../oracle/SeededRandom.ts"
import { type Outcome, play, type Script, scriptOf } from "./History.ts"
import { Judge } from "./Judge.ts"
import { applyEdit, mutations } from "./mutations.ts"
import { shrink } from "./shrink.ts"
import type { Plan, Step } from "./Step.ts"
import { warmUp } from "./warmUp.ts"
import { World } from "./World.ts"

const steps = 50
const perTest = 12

beforeAll(warmUp)

/** The seed comes first, so that the failure says which one to replay. */
const playFrom = async (first: number) => {
  const flaws: Array<string> = []
  let runs = 0
  for (let seed = first; seed < first + perTest; seed++) {
    const outcome = await play(scriptOf(seed, steps))
    runs += outcome.runs
    for (const flaw of outcome.flaws) flaws.push(`--replay ${seed}: ${flaw}`)
  }
  return { flaws, runs }
}

describe("the engine on the simulated machine", () => {
  test.each([1, 1001, 2001, 3001, 4001])(
    "tells the truth in each history from seed %d on",
    async (first) => {
      const { flaws, runs } = await playFrom(first)
      expect(flaws).toEqual([])
      expect(runs).toBeGreaterThan(10 * perTest)
    }
  )
})

describe("a history that once failed", () => {
  test("leaves nothing of a task that ended while its stop waited for the transaction", async () => {
    const { flaws } = await play(scriptOf(22_027, steps))
    expect(flaws).toEqual([])
  })
})

const plan = (payload: Plan["payload"] = {}): Plan => ({
  behaviours: [{ lastsMs: null, exitCode: 0, onTerm: "dies", leaves: [], writesAtMs: [] }],
  payload,
  dependsOn: []
})

describe("a history", () => {
  test("is the same each time that its seed is played", async () => {
    const once = await play(scriptOf(11, steps))
    const again = await play(scriptOf(11, steps))
    expect(again.trace).toEqual(once.trace)
    expect(once.trace.length).toBeGreaterThan(steps)
  })

  test("ends with every task ended, though its engine was killed at each of its effects", async () => {
    for (let afterEffects = 0; afterEffects < 200; afterEffects += 5) {
      const { flaws, runs } = await play({
        seed: afterEffects,
        steps: [
          { do: "kill", afterEffects: 0 },
          { do: "start", plans: [plan()], wait: false },
          { do: "kill", afterEffects },
          { do: "stop", back: 0, force: false }
        ]
      })
      expect(flaws).toEqual([])
      expect(runs).toBeLessThanOrEqual(2)
    }
  })
})

describe("the judge", () => {
  test("sees what lives of a task that is told as cancelled", async () => {
    const world = new World(new SeededRandom(1), () => {})
    const judge = new Judge(world)
    world.behaviours.set("t0", plan().behaviours)
    world.call("start", { id: "t0", script: "sim" }, () => {})
    await world.pass(300)
    // Nothing leads from the attempt to it, so no engine can know of it.
    const files = new Map()
    const hidden = world.kernel.begin({
      parent: null,
      leads: true,
      program: "hidden\0",
      environ: "",
      files
    })
    world.truth.processes.set(hidden, { id: "t0", attempt: 1 })
    world.call("stop", { id: "t0" }, () => {})
    await world.pass(2000)
    await world.leave()
    expect(judge.flaws).toEqual([`t0 is cancelled while [{"pid":${hidden.pid},"attempt":1}] live`])
  })
})

/** Fails when a queue is paused and tasks are pruned. */
const outcomeOf = ({ steps: played }: Script): Outcome => {
  const wanted = played.filter((step) => step.do === "prune" || step.do === "pause")
  return {
    flaws: wanted.length >= 2 ? [`t${wanted.length} is wrong`] : [],
    trace: [],
    runs: 0,
    playedSteps: played.length
  }
}

describe("a mutation of the engine", () => {
  test.each(mutations)("still has its place in the source: $name", ({ edits }) => {
    for (const edit of edits) {
      const text = readFileSync(join(import.meta.dir, "../../src", edit.file), "utf8")
      expect(applyEdit(text, edit)).not.toBe(text)
    }
  })
})

describe("a failing history", () => {
  test("is shrunk to the steps by which it fails", async () => {
    const idle: Step = { do: "pass", ms: 1 }
    const script: Script = {
      seed: 1,
      steps: [idle, idle, { do: "prune" }, idle, idle, idle, { do: "pause" }, idle]
    }
    const found = await shrink({ script, outcome: outcomeOf(script) }, async (each) =>
      outcomeOf(each)
    )
    expect(found.script.steps).toEqual([{ do: "prune" }, { do: "pause" }])
  })
})
