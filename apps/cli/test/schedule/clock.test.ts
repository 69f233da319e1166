/** Schedules on the compiled binary, under a wall clock that is set, stopped and far ahead. */
import { describe, expect, test } from "bun:test"
import { ClockRig, libfaketime } from "./ClockRig.ts"

const minutely = { id: "m", cronExpression: "* * * * *", script: "date -u" }

test("libfaketime is installed, without which these tests cannot run (package faketime)", () => {
  expect(libfaketime).toBeString()
})

const away = async (rig: ClockRig, missedRunPolicy: string): Promise<void> => {
  await rig.start("2027-03-28T07:59:58Z")
  await rig.data("schedule create", { ...minutely, missedRunPolicy })
  await rig.come("schedule.fired", 1)
  await rig.kill()
  await rig.start("2027-03-28T10:21:05Z")
}

const back = async (instant: string): Promise<ReadonlyArray<unknown>> => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T02:59:55Z")
  await rig.data("schedule create", { ...minutely, cronExpression: "0 3 * * *" })
  await rig.kill()
  await rig.start(instant)
  await rig.come(instant.includes("03:00") ? "schedule.fired" : "schedule.missed", 1)
  return await rig.history("m")
}

describe("an engine that was away for 140 minutely ticks", () => {
  test("fires the newest late under skip, and counts the others in one row", async () => {
    await using rig = new ClockRig()
    await away(rig, "skip")
    await rig.come("schedule.fired", 2)
    expect(await rig.rows("m")).toEqual(["fired 08:00", "missed 08:01 140 late", "fired 10:21"])
    await rig.jump("2027-03-28T10:21:59Z")
    await rig.come("schedule.fired", 3)
    expect((await rig.rows("m")).at(-1)).toBe("fired 10:22")
  })

  test("runs the newest ten one after the other under catchup", async () => {
    await using rig = new ClockRig()
    await away(rig, "catchup")
    await rig.come("schedule.fired", 11)
    expect(await rig.rows("m")).toEqual([
      "fired 08:00",
      "missed 08:01 131 maxCatchup",
      ...Array.from({ length: 10 }, (_, index) => `fired 10:${12 + index}`)
    ])
  })

  test("is found paused under fail, with the reason", async () => {
    await using rig = new ClockRig()
    await away(rig, "fail")
    await rig.come("schedule.paused", 1)
    expect(await rig.data("schedule get", { id: "m" })).toMatchObject({
      schedule: { status: "paused", reason: "ticks were missed (missedRunPolicy fail)" }
    })
  })
})

describe("a tick that fired", () => {
  test("does not fire again when its engine is killed after it, once, twice and later", async () => {
    await using rig = new ClockRig()
    await rig.start("2027-03-28T21:59:59Z")
    await rig.data("schedule create", { ...minutely, cronExpression: "0 22 * * *" })
    await rig.come("schedule.fired", 1)
    for (const later of ["22:00:01", "22:00:02", "22:30:00"]) {
      await rig.kill()
      await rig.start(`2027-03-28T${later}Z`)
      await rig.data("list", { limit: 1 })
    }
    expect(await rig.rows("m")).toEqual(["fired 22:00"])
    expect(await rig.data("schedule get", { id: "m" })).toMatchObject({
      schedule: { nextRun: "2027-03-29T22:00:00.000Z", runCount: 1 }
    })
  })

  test("stays when the clock is set back, and the ticks before it come as ever", async () => {
    await using rig = new ClockRig()
    await rig.start("2027-03-30T15:00:30Z")
    await rig.data("schedule create", minutely)
    await rig.jump("2027-03-30T17:00:30Z")
    await rig.come("schedule.fired", 1)
    await rig.jump("2027-03-30T15:00:58Z")
    await rig.come("schedule.fired", 2)
    expect((await rig.rows("m")).filter((row) => row.startsWith("fired")).toSorted()).toEqual([
      "fired 15:01",
      "fired 17:00"
    ])
    expect(await rig.data("schedule get", { id: "m" })).toMatchObject({
      schedule: { nextRun: "2027-03-30T15:02:00.000Z" }
    })
  })
})

describe("an engine that is away over a tick", () => {
  test("fires it late within the grace, and tells by how much", async () => {
    const [tick] = await back("2027-03-28T03:00:16Z")
    expect(tick).toMatchObject({ result: "fired", scheduledFor: "2027-03-28T03:00:00.000Z" })
    expect(tick).toHaveProperty("latenessMs", expect.any(Number))
  })

  test("has missed it beyond the grace, and says so", async () => {
    expect(await back("2027-03-28T03:10:00Z")).toMatchObject([
      { result: "missed", scheduledFor: "2027-03-28T03:00:00.000Z", cause: { type: "late" } }
    ])
  })
})

test("the job of a skipped hour runs at the jump, and knows which tick it is", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-03-28T00:59:58Z")
  await rig.data("schedule create", {
    id: "n",
    cronExpression: "30 2 * * *",
    timezone: "Europe/Berlin",
    script: 'echo "$BACKBEAT_SCHEDULE_ID $BACKBEAT_SCHEDULED_FOR"'
  })
  await rig.come("schedule.fired", 1)
  await rig.data("wait", { id: "n.20270328T010000Z" })
  expect(await rig.data("logs", { id: "n.20270328T010000Z" })).toMatchObject({
    lines: ["n 2027-03-28T01:00:00.000Z"]
  })
})

test("a repeated hour has one row for each of its instants", async () => {
  await using rig = new ClockRig()
  await rig.start("2027-11-07T08:59:58Z")
  await rig.data("schedule create", {
    ...minutely,
    cronExpression: "0 * * * *",
    timezone: "America/Los_Angeles"
  })
  await rig.come("schedule.fired", 1)
  await rig.jump("2027-11-07T09:59:58Z")
  await rig.come("schedule.fired", 2)
  expect(await rig.rows("m")).toEqual(["fired 09:00", "fired 10:00"])
})
