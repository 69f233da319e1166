/** Stopping: nothing is called cancelled while anything of it lives. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

const pidsIn = (rig: Rig, name: string): ReadonlyArray<number> =>
  readFileSync(join(rig.scratch, name), "utf8").trim().split("\n").map(Number)

describe("stop", () => {
  test("sends SIGTERM and returns when all processes are gone", async () => {
    await using rig = new Rig()
    const script = `sleep 60 & echo $! >>pids; (sleep 60; true) & echo $! >>pids; setsid sleep 60 & echo $! >>pids; echo $$ >>pids; echo up; wait`
    await rig.task("start", { id: "x", script })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    const pids = pidsIn(rig, "pids")
    expect(pids.map(isAlive)).toEqual([true, true, true, true])
    const stopped = await rig.task("stop", { id: "x", reason: "done with it" })
    expect(pids.map(isAlive)).toEqual([false, false, false, false])
    expect(stopped).toMatchObject({
      status: "cancelled",
      pid: null,
      signal: "SIGTERM",
      exitCode: null,
      failure: null,
      stopping: null,
      cancelled: {
        by: { kind: "caller", client: "cli", pid: expect.any(Number) },
        reason: "done with it"
      }
    })
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      status: "cancelled",
      because: [
        {
          what: expect.stringMatching(
            /^it was stopped by a caller \(cli, pid \d+\): done with it$/u
          )
        },
        {},
        {},
        { what: expect.stringContaining("the stop ended") }
      ],
      next: "Use restart to run it again."
    })
  })

  test("kills processes that ignore SIGTERM after the grace period", async () => {
    await using rig = new Rig()
    await rig.task("start", {
      id: "x",
      script: "trap '' TERM; echo up; while :; do sleep 0.1; done",
      gracePeriodMs: 200
    })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    const begun = performance.now()
    expect(await rig.task("stop", { id: "x" })).toMatchObject({
      status: "cancelled",
      signal: "SIGKILL"
    })
    expect(performance.now() - begun).toBeWithin(190, 1500)
  })

  test("continues suspended processes, so that they receive the stop signal", async () => {
    await using rig = new Rig()
    const script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"
    await rig.data("start", { id: "x", script, gracePeriodMs: 600_000 })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    await rig.data("send", { id: "x", signal: "SIGSTOP" })
    expect(await rig.task("stop", { id: "x" })).toMatchObject({ status: "cancelled", exitCode: 0 })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({
      lines: expect.arrayContaining(["bye"])
    })
  })

  test("with force kills at once, even during a polite stop", async () => {
    await using rig = new Rig()
    const script = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    await rig.data(
      "start",
      ["x", "y"].map((id) => ({ id, script, gracePeriodMs: 600_000 }))
    )
    for (const id of ["x", "y"]) await rig.data("wait", { id, for: { log: "up" } })
    expect(await rig.task("stop", { id: "x", force: true })).toMatchObject({
      status: "cancelled",
      signal: "SIGKILL"
    })
    const polite = rig.task("stop", { id: "y" })
    while ((await rig.task("status", { id: "y" }))["status"] !== "stopping");
    expect(await rig.task("status", { id: "y" })).toMatchObject({
      stopping: { signal: "SIGTERM", by: { kind: "caller" }, reason: null }
    })
    expect(await rig.data("why", { id: "y" })).toMatchObject({
      status: "stopping",
      next: expect.stringContaining("SIGKILL")
    })
    expect(await rig.refusal(["restart", "y"])).toMatchObject({ type: "IllegalTransition" })
    expect(await rig.task("stop", { id: "y", force: true })).toMatchObject({ status: "cancelled" })
    expect(await polite).toMatchObject({ status: "cancelled" })
  })

  test("first sends the requested signal", async () => {
    await using rig = new Rig()
    const script =
      "trap 'echo int; exit 0' INT; trap 'echo hup; exit 0' HUP; echo up; while :; do sleep 0.02; done"
    await rig.data("start", [
      { id: "spec", script, stopSignal: "SIGINT" },
      { id: "call", script }
    ])
    for (const id of ["spec", "call"]) await rig.data("wait", { id, for: { log: "up" } })
    expect(await rig.task("stop", { id: "spec" })).toMatchObject({
      status: "cancelled",
      stopSignal: "SIGINT",
      exitCode: 0
    })
    expect(await rig.task("stop", { id: "call", signal: "SIGHUP" })).toMatchObject({
      status: "cancelled",
      exitCode: 0
    })
    expect(await rig.data("logs", { id: "spec", stream: "stdout" })).toMatchObject({
      lines: ["up", "int"]
    })
    expect(await rig.data("logs", { id: "call", stream: "stdout" })).toMatchObject({
      lines: ["up", "hup"]
    })
  })

  test("cancels a queued task before it runs", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "true", delayMs: 600_000 })
    expect(await rig.task("stop", { id: "x", reason: "not now" })).toMatchObject({
      status: "cancelled",
      startedAt: null,
      endedAt: expect.any(String),
      exitCode: null,
      cancelled: { reason: "not now" }
    })
    expect(await rig.data("events", { id: "x" })).toMatchObject({
      events: [{ type: "task.created" }, { type: "task.cancelled" }]
    })
  })

  test("ends a task between two attempts", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: "exit 1",
      restart: { when: "on-failure", delayMs: 600_000, maxDelayMs: 600_000 }
    })
    while ((await rig.task("status", { id: "x" }))["status"] !== "retrying");
    expect(await rig.task("stop", { id: "x" })).toMatchObject({
      status: "cancelled",
      attempt: 1,
      retryAt: null
    })
  })

  test("does not count the time between two attempts as running time", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: "exit 1",
      restart: { when: "on-failure", delayMs: 600_000, maxDelayMs: 600_000 }
    })
    while ((await rig.task("status", { id: "x" }))["status"] !== "retrying");
    const stopped = await rig.task("stop", { id: "x" })
    const { events } = await rig.data("events", { id: "x", types: ["task.retrying"] })
    const attemptEndedAt = Date.parse(Object(events)[0].data.end.endedAt)
    const ranMs = attemptEndedAt - Date.parse(String(stopped["startedAt"]))
    expect(stopped["status"]).toBe("cancelled")
    expect(stopped["durationMs"]).toBeWithin(ranMs - 1, ranMs + 2)
    expect(Date.parse(String(stopped["endedAt"]))).toBeGreaterThan(attemptEndedAt)
  })

  test("does not change an ended task and says so; rejects an unknown one", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "true" }, ["--wait"])
    expect(await rig.data("stop", { id: "x" })).toMatchObject({
      alreadyEnded: true,
      task: { status: "completed" }
    })
    expect(await rig.refusal(["stop", "none"])).toMatchObject({
      type: "TaskNotFound",
      details: { id: "none" }
    })
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "completed",
      cancelled: null
    })
  })
})
