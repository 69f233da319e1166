/** git that does not answer: it keeps back the task that it is asked for, and no other. */
import { expect, test } from "bun:test"
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { FakeAgents } from "./FakeAgents.ts"

/** git is given up after 2 s: so often a busy machine may need longer for a start. */
const roundsAtMost = 5

test("a task starts and ends while git is slow for another one", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  const at = (name: string) => join(rig.scratch, name)
  mkdirSync(at("slow"))
  Bun.spawnSync(["mkfifo", at("gate")])
  writeFileSync(at("slow/git"), `#!/bin/sh\n: >'${at("asked")}'; read go <'${at("gate")}'\n`, {
    mode: 0o755
  })
  const env = { ...agents.env, PATH: `${at("slow")}:${agents.env.PATH}` }
  const whileGitIsAsked = async (round: number): Promise<unknown> => {
    const id = `x${round}`
    rmSync(at("asked"), { force: true })
    const prompt = JSON.stringify({ id, prompt: "Do it.", agent: "claude" })
    expect((await rig.call(["start", prompt], { env })).exitCode).toBe(0)
    while (!existsSync(at("asked"))) await Bun.sleep(1)
    const other = await rig.task("start", { command: "true" }, ["--wait"])
    expect(other).toMatchObject({ status: "completed" })
    return (await rig.task("status", { id })).status
  }
  let status: unknown = null
  for (let round = 1; status !== "running" && round <= roundsAtMost; round++)
    status = await whileGitIsAsked(round)
  expect(status).toBe("running")
  // Both ends, so that this waits for nobody.
  const gate = openSync(at("gate"), constants.O_RDWR)
  writeSync(gate, "go\n".repeat(9))
  expect(await rig.task("wait", { id: "x1" })).toMatchObject({ status: "completed" })
  closeSync(gate)
})
