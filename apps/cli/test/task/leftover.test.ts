/** Leftover processes of an earlier attempt: a stop ends them too, and no attempt begins beside them. */
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

/** Leaves a process that holds nothing of its task's but the mark, and fails. */
const leaves =
  "sh -c 'echo $$ >>pids; exec 3>&-; exec sleep 60' & wait_for_it() { while [ ! -s pids ]; do sleep 0.01; done; }; wait_for_it; exit 1"
/** Leaves a process that ignores SIGTERM. */
const leavesStubborn =
  "(trap '' TERM; sh -c 'echo $$ >>pids; while :; do sleep 0.05; done') & while [ ! -s pids ]; do sleep 0.01; done; exit 1"
/** What the second attempt does instead. */
const secondTime = (script: string) => `[ $BACKBEAT_ATTEMPT = 2 ] && exec sleep 60; ${script}`
const soon = { when: "on-failure", delayMs: 50, maxAttempts: 2 } as const
const later = { when: "on-failure", delayMs: 600_000, maxDelayMs: 600_000 } as const

const pidsOf = (rig: Rig): ReadonlyArray<number> =>
  readFileSync(join(rig.scratch, "pids"), "utf8").trim().split("\n").map(Number)

const kill = (pids: ReadonlyArray<number>): void => {
  for (const pid of pids) signalProcess(pid, "SIGKILL")
}

const atStatus = async (rig: Rig, id: string, status: string): Promise<void> => {
  while ((await rig.task("status", { id }))["status"] !== status);
}

describe("stop ends leftover processes of an earlier attempt", () => {
  test("of a task that waits for its retry", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: leaves, restart: later })
    await atStatus(rig, "x", "retrying")
    expect(pidsOf(rig).map(isAlive)).toEqual([true])
    expect(await rig.task("stop", { id: "x" })).toMatchObject({
      status: "cancelled",
      attempt: 1,
      exitCode: 1
    })
    expect(pidsOf(rig).map(isAlive)).toEqual([false])
  })

  test("of a restarted task that waits in a paused queue", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", queue: "q", script: leaves }, ["--wait"])
    await rig.data("queue pause", { queue: "q" })
    expect(await rig.task("restart", { id: "x" })).toMatchObject({ status: "queued", attempt: 2 })
    expect(pidsOf(rig).map(isAlive)).toEqual([true])
    expect(await rig.task("stop", { id: "x" })).toMatchObject({ status: "cancelled", attempt: 1 })
    expect(pidsOf(rig).map(isAlive)).toEqual([false])
    await rig.data("queue resume", { queue: "q" })
    expect(await rig.task("restart", { id: "x" })).toMatchObject({ status: "running", attempt: 2 })
  })

  test("of a restarted task that waits for another task", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "base", script: "exit 0" }, ["--wait"])
    await rig.data("start", { id: "x", script: leaves, dependsOn: ["base"] }, ["--wait"])
    await rig.data("queue pause", { queue: "default" })
    await rig.data("restart", { id: "base" })
    expect(await rig.task("restart", { id: "x" })).toMatchObject({ status: "blocked" })
    expect(await rig.task("stop", { id: "x" })).toMatchObject({ status: "cancelled" })
    expect(pidsOf(rig).map(isAlive)).toEqual([false])
  })

  test("also under the next engine, if the first is killed meanwhile", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: leavesStubborn,
      gracePeriodMs: 600_000,
      restart: later
    })
    await atStatus(rig, "x", "retrying")
    const stopped = rig.task("stop", { id: "x" })
    await atStatus(rig, "x", "stopping")
    expect(await rig.data("why", { id: "x" })).toMatchObject({ status: "stopping" })
    await rig.killEngine()
    expect(await rig.task("stop", { id: "x", force: true })).toMatchObject({
      status: "cancelled",
      attempt: 1,
      exitCode: 1
    })
    expect(await stopped).toMatchObject({ status: "cancelled" })
    expect(pidsOf(rig).map(isAlive)).toEqual([false])
  })
})

test("a restarted task that is cancelled because of its dependency ends when its old processes are gone", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "base", script: "[ $BACKBEAT_ATTEMPT = 1 ]" }, ["--wait"])
  await rig.data("start", { id: "x", script: leaves, dependsOn: ["base"] }, ["--wait"])
  await rig.data("start", { id: "after", command: "true", dependsOn: [{ task: "x", on: "end" }] }, [
    "--wait"
  ])
  await rig.data("queue pause", { queue: "default" })
  await rig.data(
    "restart",
    ["base", "x", "after"].map((id) => ({ id }))
  )
  await rig.data("queue resume", { queue: "default" })
  expect(await rig.task("wait", { id: "x" })).toMatchObject({
    status: "cancelled",
    failure: { type: "DependencyFailed", taskId: "base" }
  })
  expect(pidsOf(rig).map(isAlive)).toEqual([false])
  expect(await rig.task("wait", { id: "after" })).toMatchObject({ attempt: 2 })
})

describe("the next attempt of a task with leftover processes", () => {
  test("stays queued until they are gone, without a slot, and its time starts afterwards", async () => {
    await using rig = new Rig()
    await rig.data("config set", { key: "queues", value: { one: { concurrency: 1 } } })
    await rig.data("start", {
      id: "x",
      queue: "one",
      script: secondTime(leavesStubborn),
      gracePeriodMs: 600_000,
      timeout: 5000,
      restart: soon
    })
    await atStatus(rig, "x", "queued")
    expect(
      await rig.task("start", { id: "y", queue: "one", script: "exit 0" }, ["--wait"])
    ).toMatchObject({ status: "completed" })
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      status: "queued",
      because: [{ what: expect.stringContaining("processes of attempt 1 still run") }, {}]
    })
    kill(pidsOf(rig))
    await rig.data("wait", { id: "x", for: "start" })
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "running", attempt: 2 })
  })

  test("is not opened after a stop, and the next engine continues the stop", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: secondTime(leavesStubborn),
      gracePeriodMs: 600_000,
      restart: soon
    })
    await atStatus(rig, "x", "queued")
    const stopped = rig.task("stop", { id: "x" })
    await atStatus(rig, "x", "stopping")
    await rig.killEngine()
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      status: "stopping",
      startedAt: null
    })
    expect(pidsOf(rig).map(isAlive)).toEqual([true])
    expect(await rig.task("stop", { id: "x", force: true })).toMatchObject({
      status: "cancelled",
      attempt: 1
    })
    expect(await stopped).toMatchObject({ status: "cancelled" })
    expect(pidsOf(rig).map(isAlive)).toEqual([false])
  })

  test("is opened by the next engine when they are gone", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: secondTime(leavesStubborn),
      gracePeriodMs: 600_000,
      restart: soon
    })
    await atStatus(rig, "x", "queued")
    await rig.killEngine()
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "queued" })
    expect(pidsOf(rig).map(isAlive)).toEqual([true])
    kill(pidsOf(rig))
    await atStatus(rig, "x", "running")
    expect(await rig.task("status", { id: "x" })).toMatchObject({ attempt: 2 })
  })
})
