/** What a task that runs again tells of the attempt before. */
import { expect, test } from "bun:test"
import { Rig } from "../Rig.ts"
import { FakeAgents } from "./FakeAgents.ts"
import { prompted } from "./prompted.ts"

test("an agent goes on from what the last ended attempt of another left, though that runs again", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  agents.answer("codex", "success")
  await prompted(rig, agents, { id: "x", agent: "claude", prompt: "Look at it." })
  await rig.data("start", { id: "gate", command: "cat", stdin: "open" })
  const next = { id: "next", prompt: "Go on.", agent: "codex", queue: "default", continueFrom: "x", dependsOn: ["gate"] }
  await rig.call(["start", JSON.stringify(next)], { env: agents.env })
  agents.answer("claude", "success", "echo half; sleep 60")
  await rig.call(["restart", "x"], { env: agents.env })
  await rig.data("wait", { id: "x", for: { log: "half" } })
  expect(await rig.data("status", { id: "x", checkpoint: true })).toMatchObject({
    task: { status: "running", attempt: 2 },
    checkpoint: { attempt: 1, status: "completed", exitCode: 0, result: { text: "Everything is fine." }, stdout: ["Everything is fine."] }
  })
  await rig.data("send", { id: "gate", eof: true })
  expect(await rig.task("wait", { id: "next" })).toMatchObject({ status: "completed" })
  const prompt = agents.prompt("codex")
  expect(prompt).toContain("## Task x (completed)")
  expect(prompt).toContain("### It produced\n\nEverything is fine.")
  expect(prompt).not.toContain("half")
})
