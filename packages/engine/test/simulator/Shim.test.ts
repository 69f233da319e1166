/** The simulated shim against the real one: what both leave in the folder of an attempt is read as the same. */
import { beforeAll, describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { inspectAttempt } from "../../src/process/inspectAttempt.ts"
import { signalProcess } from "../../src/process/posix.ts"
import { SeededRandom } from "../oracle/SeededRandom.ts"
import { type Attempt, AttemptRig, pidOf } from "../process/AttemptRig.ts"
import type { Behaviour } from "./Behaviour.ts"
import { warmUp } from "./warmUp.ts"
import { World } from "./World.ts"

beforeAll(warmUp)

/** What is told of an attempt, without instants. */
const told = (dir: string): unknown => {
  const found = inspectAttempt(dir)
  return found.kind === "ended" ? found.record.end : found.kind
}

type Victim = "nobody" | "command" | "shim"

const real = async (script: string, victim: Victim, signal: NodeJS.Signals): Promise<unknown> => {
  await using rig = new AttemptRig()
  const attempt: Attempt = rig.sh(`echo $$ >$STEPS; ${script}`)
  const pid = Number(await rig.step())
  if (victim !== "nobody") signalProcess(victim === "shim" ? pidOf(attempt) : pid, signal)
  if (victim !== "shim") await attempt.ended
  else signalProcess(pid, "SIGKILL")
  await attempt.ended
  return { told: told(attempt.dir), files: readdirSync(attempt.dir).toSorted() }
}

const simulated = async (
  behaviour: Partial<Behaviour>,
  victim: Victim,
  signal: NodeJS.Signals
): Promise<unknown> => {
  const world = new World(new SeededRandom(1), () => {})
  world.behaviours.set("t", [
    { lastsMs: null, exitCode: 0, onTerm: "dies", leaves: [], writesAtMs: [], ...behaviour }
  ])
  world.call("start", { id: "t", command: "sh" }, () => {})
  await world.pass(500)
  const [run] = world.truth.runs
  if (victim === "command") run?.command?.take(signal)
  if (victim === "shim") {
    run?.shim.take(signal)
    run?.command?.take("SIGKILL")
  }
  await world.pass(500)
  const dir = `${world.root}/tasks/t/1`
  const files = [...world.disk.get(dir).entries.keys()].filter((name) => name !== "arrivals")
  const answer = { told: told(dir), files: files.toSorted() }
  await world.leave()
  return answer
}

describe("the simulated shim leaves what the real one leaves", () => {
  const forever = { lastsMs: null }
  const cases: ReadonlyArray<
    readonly [string, string, Partial<Behaviour>, Victim, NodeJS.Signals]
  > = [
    ["a command that exits with 0", "exit 0", { lastsMs: 1 }, "nobody", "SIGTERM"],
    ["a command that exits with 7", "exit 7", { lastsMs: 1, exitCode: 7 }, "nobody", "SIGTERM"],
    ["a command that is killed", "exec sleep 60", forever, "command", "SIGKILL"],
    ["a command that dies by SIGTERM", "exec sleep 60", forever, "command", "SIGTERM"],
    ["an attempt whose shim is killed", "exec sleep 60", forever, "shim", "SIGKILL"]
  ]
  test.each(cases)("of %s", async (_, script, behaviour, ...[victim, signal]) => {
    expect(await simulated(behaviour, victim, signal)).toEqual(await real(script, victim, signal))
  })
})
