/** Why a task is in its status. Other files ask it in passing: queues, stops, retries, failures. */
import { expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

test("why explains a running and a completed task, and rejects an unknown one", async () => {
  await using rig = new Rig()
  await rig.task("start", { id: "runs", command: "cat", stdin: "open" })
  expect(await rig.data("why", { id: "runs" })).toMatchObject({
    status: "running",
    because: [
      {
        what: "attempt 1 was started",
        since: expect.stringMatching(/Z$/u),
        actor: { kind: "engine" }
      }
    ],
    next: "It runs until it ends."
  })
  const { startedAt } = await rig.task("start", {
    id: "limited",
    script: "sleep 60",
    timeout: 60_000
  })
  const until = new Date(Date.parse(String(startedAt)) + 60_000).toISOString()
  expect((await rig.data("why", { id: "limited" }))["next"]).toBe(`It times out at ${until}.`)
  await rig.data("send", { id: "runs", eof: true })
  await rig.data("wait", { id: "runs" })
  expect(await rig.data("why", { id: "runs" })).toMatchObject({
    status: "completed",
    because: [{ what: "it exited with a success code" }, { what: "attempt 1 was started" }],
    next: null
  })
  expect(await rig.refusal(["why", "none"])).toMatchObject({ command: "why", type: "TaskNotFound" })
})

test("why shows the newest reasons of a long history, each with its actor", async () => {
  await using rig = new Rig()
  await rig.task("start", { id: "x", script: "sleep 60" })
  for (let round = 0; round < 4; round++)
    await rig.task("restart", { id: "x", reason: `round ${round}` })
  await rig.task("stop", { id: "x", reason: "enough" })
  const { because } = await rig.data("why", { id: "x" })
  expect(because).toMatchObject([
    {
      what: expect.stringMatching(/^it was stopped by a caller \(cli, pid \d+\): enough$/u),
      actor: { kind: "caller" }
    },
    {
      what: expect.stringMatching(/^a stop was requested by a caller .*: enough$/u),
      actor: { kind: "caller" }
    },
    { what: "attempt 5 was started" },
    { what: expect.stringMatching(/^a restart was requested by a caller .*: round 3$/u) },
    { what: "attempt 4 was started" },
    { what: expect.stringContaining("the stop ended") }
  ])
})

test("why names the pruned task that a restart would need, and its advice works", async () => {
  await using rig = new Rig()
  const chain = [
    { id: "k1", command: "false" },
    ...["k2", "k3"].map((id, at) => ({ id, command: "true", dependsOn: [`k${at + 1}`] }))
  ]
  await rig.data("start", chain, ["--wait"])
  await rig.data("prune", { olderThanDays: 0, status: "failed" })
  const lacking = "k2 depends on k1, which was removed. Start k1 again before a restart, or start "
  expect((await rig.data("why", { id: "k2" }))["next"]).toBe(`${lacking}k2 again without it.`)
  expect((await rig.data("why", { id: "k3" }))["next"]).toBe(`${lacking}k3 again without it.`)
  expect(await rig.refusal(["restart", "k2"])).toMatchObject({ type: "DependencyNotFound" })
  await rig.data("start", { id: "k1", command: "true" }, ["--wait"])
  expect((await rig.data("why", { id: "k3" }))["next"]).toContain(`restart '["k2","k3"]'`)
  expect(await rig.data("restart", ["k2", "k3"], ["--wait"])).toMatchObject({ successCount: 2 })
})
