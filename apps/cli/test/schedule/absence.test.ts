/** What becomes of schedules whose engine slept, of broken rows, and of runs that outlive a change. */
import { Database } from "bun:sqlite"
import { signalProcess } from "@backbeat/engine/process/posix"
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { ClockRig } from "./ClockRig.ts"

const daily = { id: "m", cronExpression: "30 7 * * *", script: "true" }

const wokenAt = async (instant: string, type: string): Promise<ReadonlyArray<string>> => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T07:20:00Z")
  await rig.data("schedule create", daily)
  const pid = await rig.engine()
  signalProcess(pid, "SIGSTOP")
  rig.set(instant)
  signalProcess(pid, "SIGCONT")
  await rig.callHere("engine status", {})
  await rig.come(type, 1)
  return await rig.rows("m")
}

describe("an engine that was stopped over a tick, and goes on", () => {
  test("fires it late within the grace", async () => {
    expect(await wokenAt("2027-03-28T07:34:00Z", "schedule.fired")).toEqual(["fired 07:30"])
  })

  test("has missed it beyond the grace", async () => {
    expect(await wokenAt("2027-03-28T11:00:00Z", "schedule.missed")).toEqual(["missed 07:30 late"])
  })
})

test("a run that was caught up is not run again when the engine is killed during it", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T00:00:00Z")
  await rig.data("schedule create", {
    ...daily,
    cronExpression: "5 0 * * *",
    missedRunPolicy: "catchup",
    script: "sleep 1"
  })
  await rig.kill()
  await rig.start("2027-03-28T08:14:00Z")
  await rig.come("schedule.fired", 1)
  await rig.kill()
  await rig.start("2027-03-28T08:19:00Z")
  expect(await rig.task("wait", { id: "m.20270328T000500Z" })).toMatchObject({
    status: "completed",
    attempt: 1
  })
  expect(await rig.rows("m")).toEqual(["fired 00:05"])
  expect(await rig.data("schedule get", { id: "m" })).toMatchObject({
    schedule: { nextRun: "2027-03-29T00:05:00.000Z" }
  })
})

test("a broken schedule is paused by itself, and the others fire", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T07:00:00Z")
  for (const id of ["a", "b", "c", "d"]) await rig.data("schedule create", { ...daily, id })
  await rig.kill()
  const database = new Database(join(rig.home, "backbeat.db"))
  database.run(
    `UPDATE aggregates SET document = replace(document, '"timezone":"UTC"', '"timezone":"Mars/Base"') WHERE id = 'b'`
  )
  database.run(`UPDATE aggregates SET document = '{"later":true}' WHERE id = 'c'`)
  database.close()
  await rig.start("2027-03-28T07:30:00Z")
  await rig.come("schedule.fired", 2)
  expect([await rig.rows("a"), await rig.rows("d")]).toEqual([["fired 07:30"], ["fired 07:30"]])
  expect(await rig.rows("b")).toEqual(["skipped 07:30 invalid"])
  expect(await rig.data("schedule get", { id: "b" })).toMatchObject({
    schedule: { status: "paused" }
  })
})

test("a schedule that cannot be read keeps neither ticks, lists nor creations from the others", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T07:00:00Z")
  for (const id of ["a", "b"]) await rig.data("schedule create", { ...daily, id })
  await rig.kill()
  const database = new Database(join(rig.home, "backbeat.db"))
  database.run(`UPDATE aggregates SET document = '{"later":true}' WHERE id = 'b'`)
  database.close()
  await rig.start("2027-03-28T07:10:00Z")
  await rig.come("schedule.created", 2)
  await rig.jump("2027-03-28T07:29:59Z")
  await rig.come("schedule.fired", 1)
  expect(await rig.rows("a")).toEqual(["fired 07:30"])
  await rig.data("schedule create", { ...daily, id: "c" })
  const { schedules } = await rig.data("schedule list")
  expect(schedules).toMatchObject([{ id: "c" }, { id: "a" }])
  expect(await rig.data("schedule runs", { from: "2027-03-28T00:00:00Z" })).toMatchObject({
    runs: expect.arrayContaining([
      expect.objectContaining({
        scheduleId: "b",
        cause: expect.objectContaining({ type: "invalid" })
      })
    ])
  })
})

test("the end of a run undoes nothing that was changed meanwhile", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T07:29:58Z")
  await rig.data("schedule create", { ...daily, script: "sleep 2" })
  await rig.come("schedule.fired", 1)
  await rig.data("schedule update", { id: "m", revision: 1, cronExpression: "0 9 * * *" })
  await rig.data("schedule pause", { id: "m", reason: "moving" })
  await rig.kill()
  await rig.start("2027-03-28T07:31:00Z")
  await rig.data("wait", { id: "m.20270328T073000Z" })
  expect(await rig.data("schedule get", { id: "m" })).toMatchObject({
    schedule: {
      status: "paused",
      reason: "moving",
      cronExpression: "0 9 * * *",
      revision: 3,
      runCount: 1,
      lastRun: { result: "fired", run: { status: "completed" } }
    }
  })
})
