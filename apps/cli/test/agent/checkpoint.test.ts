/** What a task tells of its last ended attempt, when it runs again or cannot, and when nobody saw it end. */
import { recordIn } from "../attemptFiles.ts"
import { expect, test } from "bun:test"
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import { FakeAgents } from "./FakeAgents.ts"
import { prompted } from "./prompted.ts"

test("an agent continues from the last ended attempt of another task, even if that task runs again", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  agents.answer("codex", "success")
  await prompted(rig, agents, { id: "x", agent: "claude", prompt: "Look at it." })
  await rig.data("start", { id: "gate", command: "cat", stdin: "open" })
  const next = {
    id: "next",
    prompt: "Go on.",
    agent: "codex",
    queue: "default",
    continueFrom: "x",
    dependsOn: ["gate"]
  }
  await rig.call(["start", JSON.stringify(next)], { env: agents.env })
  agents.answer("claude", "success", "echo half; sleep 60")
  await rig.call(["restart", "x"], { env: agents.env })
  await rig.data("wait", { id: "x", for: { log: "half" } })
  expect(await rig.data("status", { id: "x", checkpoint: true })).toMatchObject({
    task: { status: "running", attempt: 2 },
    checkpoint: {
      attempt: 1,
      status: "completed",
      exitCode: 0,
      result: { text: "Everything is fine." },
      stdout: ["Everything is fine."]
    }
  })
  await rig.data("send", { id: "gate", eof: true })
  expect(await rig.task("wait", { id: "next" })).toMatchObject({ status: "completed" })
  const prompt = agents.prompt("codex")
  expect(prompt).toContain("## Task x (completed)")
  expect(prompt).toContain("### Its output\n\nEverything is fine.")
  expect(prompt).not.toContain("half")
})

test("the work tree counts as the agent's only if it was read in time", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  const gate = join(rig.scratch, "gate")
  agents.answer("claude", "success", `while [ ! -e '${gate}' ]; do sleep 0.01; done`)
  await Bun.spawn(["git", "init", "-q", "repository"], { cwd: rig.scratch }).exited
  const cwd = join(rig.scratch, "repository")
  const { document } = await rig.call(
    ["start", JSON.stringify({ id: "x", prompt: "Do it.", agent: "claude", cwd })],
    { env: agents.env }
  )
  await rig.killEngine()
  writeFileSync(gate, "")
  while (isAlive(Number(Object(document["data"]).task.pid))) await Bun.sleep(1)
  // It ended a minute before the next engine begins.
  const endedAt = Date.now() / 1000 - 60
  utimesSync(recordIn(rig.home, "x"), endedAt, endedAt)
  writeFileSync(join(cwd, "later.txt"), "")
  expect(await rig.data("status", { id: "x", checkpoint: true })).toMatchObject({
    task: { status: "completed" },
    checkpoint: { gitOf: "now", git: { dirty: ["later.txt"] } }
  })
})

test("a restart without the agent is rejected, and changes nothing", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  await prompted(rig, agents, { id: "x", agent: "claude" })
  rmSync(join(agents.folder, "claude"))
  expect(await rig.refusal(["restart", "x"])).toMatchObject({
    type: "AgentUnavailable",
    details: { agent: "claude" }
  })
  expect(await rig.task("status", { id: "x" })).toMatchObject({
    status: "completed",
    attempt: 1,
    result: { text: "Everything is fine." }
  })
})

test("an agent's time starts when its prompt is complete, however slow git is", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  const slow = join(rig.scratch, "slow")
  mkdirSync(slow)
  writeFileSync(join(slow, "git"), `#!/bin/sh\nsleep 0.4; exec "${Bun.which("git")}" "$@"\n`, {
    mode: 0o755
  })
  const env = { ...agents.env, PATH: `${slow}:${agents.env.PATH}` }
  await rig.call(["start", JSON.stringify({ id: "x", command: "true" }), "--wait"], { env })
  await rig.call(
    [
      "start",
      JSON.stringify({ id: "next", prompt: "Go on.", agent: "claude", continueFrom: "x" }),
      "--wait"
    ],
    { env }
  )
  const { openedAt, startedAt, status } = await rig.task("status", { id: "next" })
  expect(status).toBe("completed")
  expect(Date.parse(String(startedAt)) - Date.parse(String(openedAt))).toBeGreaterThanOrEqual(400)
})
