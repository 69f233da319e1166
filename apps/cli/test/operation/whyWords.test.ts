/** The words of `why` in every status, and what it tells of a task that runs. */
import { expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const sentencesOf = (because: unknown): ReadonlyArray<string> =>
  [...JSON.stringify(because).matchAll(/"what":"((?:[^"\\]|\\.)*)"/gu)].map(
    ([, what]) => what ?? ""
  )

test("why explains each status, and never says of a stopped task that a dependency cancelled it", async () => {
  await using rig = new Rig()
  const retrying = { restart: { when: "on-failure", delayMs: 60_000 } }
  await rig.data("queue set", { queue: "one", concurrency: 1 })
  await rig.data("start", [
    { id: "runs", script: "sleep 60", queue: "one" },
    { id: "queued", script: "true", queue: "one" },
    { id: "blocked", script: "true", dependsOn: ["runs"] },
    { id: "never", script: "true", queue: "one" },
    { id: "completed", script: "true" },
    { id: "failed", script: "exit 3" },
    { id: "needs", script: "true", dependsOn: ["failed"] },
    { id: "late", script: "sleep 60", timeout: 1000 },
    { id: "retrying", script: "exit 4", ...retrying },
    { id: "stopped", script: "sleep 60" },
    {
      id: "stopping",
      script: "trap '' TERM; echo up; sleep 60 & wait; wait; sleep 60",
      gracePeriodMs: 60_000
    },
    { id: "waited", script: "exit 4", ...retrying }
  ])
  await rig.data("wait", { ids: ["completed", "failed", "needs", "late"] })
  await rig.data("wait", { id: "stopping", for: { log: "up" } })
  await rig.data(
    "stop",
    ["never", "stopped", "waited"].map((id) => ({ id, reason: "enough" }))
  )
  const stop = rig.spawn(["stop", "stopping"])
  const expected: Readonly<Record<string, readonly [string, RegExp]>> = {
    runs: ["running", /^attempt 1 was started$/u],
    queued: ["queued", /queue one/u],
    blocked: ["blocked", /runs/u],
    never: ["cancelled", /^it was stopped by a caller .* before it started: enough$/u],
    completed: ["completed", /^it exited with a success code$/u],
    failed: ["failed", /^it exited with code 3$/u],
    needs: ["cancelled", /^it depends on failed, whose end did not meet the condition$/u],
    late: ["failed", /^it timed out after 1000 ms$/u],
    retrying: ["retrying", /^the attempt exited with code 4$/u],
    stopped: ["cancelled", /^it was stopped by a caller [^:]*: enough$/u],
    stopping: ["stopping", /^a stop was requested by a caller/u],
    waited: ["cancelled", /^it was stopped by a caller [^:]*: enough$/u]
  }
  await rig.data("events", { id: "stopping", types: ["task.stopping"] })
  while ((await rig.task("status", { id: "stopping" }))["status"] !== "stopping")
    await rig.data("list", { limit: 1 })
  for (const [id, [status, deciding]] of Object.entries(expected)) {
    const told = await rig.data("why", { id })
    const sentences = sentencesOf(told["because"])
    expect([id, told["status"]]).toEqual([id, status])
    expect(sentences[0]).toMatch(deciding)
    for (const sentence of sentences) {
      expect(sentence).not.toContain("withdrawn")
      if (status !== "stopping") expect(sentence).not.toContain("is being")
    }
  }
  await rig.data("stop", { id: "stopping", force: true })
  await stop.exited
}, 20_000)

test("why shows what a running task does now", async () => {
  await using rig = new Rig()
  await rig.data("start", {
    id: "busy",
    script: "echo working; echo; while :; do :; done",
    timeout: 60_000,
    stallTimeoutMs: 50_000
  })
  await rig.data("wait", { id: "busy", for: { log: "working" } })
  const { running } = await rig.data("why", { id: "busy" })
  expect(running).toMatchObject({
    startedAt: expect.stringMatching(/Z$/u),
    silentSince: expect.stringMatching(/Z$/u),
    lastLine: "working",
    processes: expect.arrayContaining([expect.stringMatching(/^\d+ /u)]),
    timeoutMs: 60_000,
    timeoutFrom: "the task",
    stallTimeoutMs: 50_000
  })
  if (process.platform === "linux")
    expect(running).toMatchObject({
      cpuPercent: expect.any(Number),
      memoryBytes: expect.any(Number)
    })
  if (process.platform === "linux")
    expect(await rig.data("list", { resources: true })).toMatchObject({
      tasks: [{ memoryBytes: expect.any(Number) }]
    })
  const people = (await rig.call(["why", "busy", "--human"])).stdout
  expect(people).toContain("last line: working")
  await rig.data("stop", { id: "busy", force: true })
  expect(await rig.data("why", { id: "busy" })).not.toHaveProperty("running")
})

test("a task with an open stdin shows only its own processes, not the one that keeps its stdin open", async () => {
  await using rig = new Rig()
  const ready = { stdin: "open", readyWhen: { log: "up" } }
  await rig.data("start", { id: "asks", ...ready, script: "echo up; read line" }, ["--wait"])
  expect(await rig.data("why", { id: "asks" })).toMatchObject({
    running: { processes: [expect.stringMatching(/^\d+ script of asks\/1$/u)] }
  })
  const told = await rig.data("stop", { id: "asks" })
  expect(told).toMatchObject({ ended: [expect.stringMatching(/^\d+ script of asks\/1$/u)] })
  expect(told).not.toHaveProperty("endedMore")
})
