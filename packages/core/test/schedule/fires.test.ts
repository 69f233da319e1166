/** Which ticks fire, on a clock that the tests set. */
import { describe, expect, test } from "bun:test"
import { cron, Scenario } from "./scenario.ts"

const minutely = cron("* * * * *")

const absent = (missedRunPolicy: "skip" | "catchup" | "fail"): Scenario => {
  const schedule = new Scenario(minutely, "2027-03-28T07:59:58Z", { missedRunPolicy })
  schedule.look("2027-03-28T08:00:00Z")
  schedule.end("2027-03-28T08:00:01Z")
  schedule.rows.length = 0
  schedule.look("2027-03-28T10:21:05Z")
  return schedule
}

const during = (overlap: "skip" | "queue" | "allow" | "replace"): Scenario => {
  const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z", { overlap })
  schedule.live("2027-03-28T00:01Z", "2027-03-28T00:03Z")
  return schedule
}

describe("ticks that nobody fired in time", () => {
  test("are missed in one row under skip, and the newest fires late", () => {
    const schedule = absent("skip")
    expect(schedule.rows).toEqual([
      "missed 2027-03-28T08:01Z..2027-03-28T10:20Z (140) late",
      "fired 2027-03-28T10:21Z +5000"
    ])
    schedule.end("2027-03-28T10:21:06Z")
    schedule.look("2027-03-28T10:22:00Z")
    expect(schedule.rows.at(-1)).toBe("fired 2027-03-28T10:22Z")
  })

  test("run one after the other under catchup, the newest of them in order", () => {
    const schedule = absent("catchup")
    const fired = () => schedule.rows.filter((row) => row.startsWith("fired"))
    expect(schedule.rows).toEqual([
      "missed 2027-03-28T08:01Z..2027-03-28T10:11Z (131) maxCatchup",
      "fired 2027-03-28T10:12Z +545000"
    ])
    for (let second = 10; schedule.running.length > 0 && second < 50; second++)
      schedule.end(`2027-03-28T10:21:${second}Z`)
    expect(fired().map((row) => row.slice(17, 22))).toEqual(
      Array.from({ length: 10 }, (_, index) => `10:${12 + index}`)
    )
    schedule.look("2027-03-28T10:22:00Z")
    expect(schedule.rows.at(-1)).toBe("fired 2027-03-28T10:22Z")
  })

  test("pause the schedule under fail", () => {
    const schedule = absent("fail")
    expect(schedule.rows).toContain("missed 2027-03-28T08:01Z..2027-03-28T10:20Z (140) late")
    expect(schedule.schedule.state).toMatchObject({
      status: "paused",
      reason: "ticks were missed (missedRunPolicy fail)"
    })
  })

  test("are not missed within the grace: a restart across the tick", () => {
    const nightly = new Scenario(cron("0 3 * * *"), "2027-03-28T02:59:58Z")
    nightly.look("2027-03-28T03:00:16Z")
    expect(nightly.rows).toEqual(["fired 2027-03-28T03:00Z +16000"])
    const later = new Scenario(cron("0 3 * * *"), "2027-03-28T02:59:58Z")
    later.look("2027-03-28T03:10:00Z")
    expect([later.rows, later.due]).toEqual([
      ["missed 2027-03-28T03:00Z late"],
      "2027-03-29T03:00Z"
    ])
  })

  test("of a late run do not stand for the next tick, and do not move it", () => {
    const daily = new Scenario(cron("5 0 * * *"), "2027-03-28T00:00Z", {
      missedRunPolicy: "catchup"
    })
    daily.look("2027-03-28T08:14:00Z")
    daily.look("2027-03-28T08:19:00Z")
    daily.end("2027-03-28T08:20:00Z")
    daily.look("2027-03-29T00:05:00Z")
    expect(daily.rows).toEqual(["fired 2027-03-28T00:05Z +29340000", "fired 2027-03-29T00:05Z"])
  })
})

describe("a tick fires once, ever", () => {
  test("when its engine looks again after it", () => {
    const schedule = new Scenario(cron("0 22 * * *"), "2027-03-28T12:00Z")
    for (const now of ["22:00:00", "22:00:00.100", "22:00:00.500", "22:30:00"])
      schedule.look(`2027-03-28T${now}Z`)
    expect(schedule.rows).toEqual(["fired 2027-03-28T22:00Z"])
  })

  test("when the clock is set forward, and back: what fired stays, and the next tick comes", () => {
    const schedule = new Scenario(minutely, "2027-03-30T14:59:30Z", { overlap: "allow" })
    schedule.look("2027-03-30T15:00:00Z")
    schedule.give({ type: "Recount" }, "2027-03-30T17:00:00Z")
    schedule.look("2027-03-30T17:00:00Z")
    expect(schedule.rows.at(-1)).toBe("fired 2027-03-30T17:00Z")
    schedule.give({ type: "Recount" }, "2027-03-30T15:01:10Z")
    expect(schedule.due).toBe("2027-03-30T15:02Z")
    schedule.live("2027-03-30T15:02Z", "2027-03-30T17:02Z")
    const minutes = schedule.rows
      .filter((row) => row.startsWith("fired"))
      .map((row) => row.slice(17, 22))
    expect(minutes.filter((minute) => minute === "17:00")).toHaveLength(1)
    expect(minutes.slice(-3)).toEqual(["16:59", "17:01", "17:02"])
  })

  test("when its expression is changed and changed back within its minute", () => {
    const hourly = new Scenario(cron("0 * * * *"), "2027-03-28T07:30Z", { overlap: "allow" })
    hourly.look("2027-03-28T08:00:00Z")
    hourly.change({ timing: cron("0 0 * * *") }, "2027-03-28T08:00:20Z")
    hourly.change({ timing: cron("0 * * * *") }, "2027-03-28T08:00:30Z")
    hourly.give({ type: "Recount" }, "2027-03-28T07:59:50Z")
    hourly.look("2027-03-28T08:00:00Z")
    hourly.look("2027-03-28T09:00:00Z")
    expect(hourly.rows).toEqual(["fired 2027-03-28T08:00Z", "fired 2027-03-28T09:00Z"])
  })

  test("in the repeated hour of a zone, at each of its instants", () => {
    const hourly = new Scenario(cron("0 * * * *", "America/Los_Angeles"), "2027-11-07T07:58Z", {
      overlap: "allow"
    })
    hourly.live("2027-11-07T07:58Z", "2027-11-07T10:02Z")
    expect(hourly.rows.map((row) => row.slice(17, 22))).toEqual(["08:00", "09:00", "10:00"])
  })
})

describe("a change of a schedule", () => {
  test("counts the next tick from the change when it changes when it ticks", () => {
    const nightly = new Scenario(cron("15 1 * * *"), "2027-03-28T00:00Z")
    nightly.look("2027-03-28T01:15:00Z")
    nightly.end("2027-03-28T01:16:00Z")
    nightly.change({ timing: cron("15 2 * * *") }, "2027-03-28T07:00:00Z")
    nightly.look("2027-03-28T07:00:01Z")
    expect([nightly.rows, nightly.due]).toEqual([["fired 2027-03-28T01:15Z"], "2027-03-29T02:15Z"])
    nightly.change({ timing: cron("15 2 * * *", "Asia/Tokyo") }, "2027-03-28T18:00:00Z")
    expect(nightly.due).toBe("2027-03-29T17:15Z")
  })

  test("leaves the next tick alone when it changes anything else", () => {
    const nightly = new Scenario(cron("15 1 * * *"), "2027-03-28T00:00Z")
    nightly.change({}, "2027-03-28T01:15:30Z")
    nightly.look("2027-03-28T01:15:30Z")
    expect(nightly.rows).toEqual(["fired 2027-03-28T01:15Z +30000"])
  })

  test("is refused under a revision that is no longer the current one", () => {
    const nightly = new Scenario(cron("15 1 * * *"), "2027-03-28T00:00Z")
    nightly.give({ type: "Pause", reason: null, revision: 1 }, "2027-03-28T00:01Z")
    expect(nightly.schedule.revision).toBe(2)
    expect(() => nightly.give({ type: "Resume", revision: 1 }, "2027-03-28T00:02Z")).toThrow()
  })

  test("during a run is not undone by the end of the run", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z")
    schedule.look("2027-03-28T00:01Z")
    schedule.give({ type: "Pause", reason: "moving" }, "2027-03-28T00:01:10Z")
    schedule.end("2027-03-28T00:01:20Z")
    expect(schedule.schedule).toMatchObject({
      revision: 2,
      runCount: 1,
      state: { status: "paused", reason: "moving" }
    })
  })
})

describe("a paused schedule", () => {
  test("fires nothing, and says in one row what passed", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z")
    schedule.give({ type: "Pause", reason: null }, "2027-03-28T00:00:40Z")
    schedule.live("2027-03-28T00:01Z", "2027-03-28T00:10Z")
    schedule.give({ type: "Resume" }, "2027-03-28T00:10:30Z")
    expect([schedule.rows, schedule.due]).toEqual([
      ["skipped 2027-03-28T00:01Z..2027-03-28T00:10Z (10) paused"],
      "2027-03-28T00:11Z"
    ])
  })
})

describe("a tick beside a run that has not ended", () => {
  test("is skipped, with the run that is in the way", () => {
    expect(during("skip").rows).toEqual([
      "fired 2027-03-28T00:01Z",
      "skipped 2027-03-28T00:02Z overlap",
      "skipped 2027-03-28T00:03Z overlap"
    ])
  })

  test("waits under queue, and only the newest", () => {
    const schedule = during("queue")
    expect(schedule.rows).toEqual([
      "fired 2027-03-28T00:01Z",
      "skipped 2027-03-28T00:02Z superseded"
    ])
    schedule.end("2027-03-28T00:03:30Z")
    expect(schedule.rows.at(-1)).toBe("fired 2027-03-28T00:03Z +30000")
  })

  test("that waits is dropped by a pause, and said so", () => {
    const schedule = during("queue")
    schedule.give({ type: "Pause", reason: null }, "2027-03-28T00:03:10Z")
    schedule.end("2027-03-28T00:03:30Z")
    expect(schedule.rows.at(-1)).toBe("skipped 2027-03-28T00:03Z paused")
    expect(schedule.running).toEqual([])
  })

  test("fires under allow", () => {
    expect(during("allow").running).toHaveLength(3)
  })

  test("stops the run under replace, and fires only when that has ended", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z", { overlap: "replace" })
    schedule.live("2027-03-28T00:01Z", "2027-03-28T00:02Z")
    expect(schedule.stopped).toEqual(["s.20270328T000100Z"])
    expect(schedule.running).toEqual(["s.20270328T000100Z"])
    schedule.end("2027-03-28T00:02:01Z")
    expect(schedule.running).toEqual(["s.20270328T000200Z"])
  })
})

describe("the end of a schedule", () => {
  test("comes with its last run, and a refused one is not spent", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z", {
      maxRuns: 2,
      overlap: "allow"
    })
    schedule.look("2027-03-28T00:01Z")
    schedule.outcome = { type: "refused", error: "QuotaExceeded", message: "full", invalid: false }
    schedule.look("2027-03-28T00:02Z")
    schedule.outcome = null
    schedule.look("2027-03-28T00:03Z")
    expect([schedule.status, schedule.schedule.runCount]).toEqual(["completed", 2])
    expect(schedule.rows[1]).toBe("skipped 2027-03-28T00:02Z refused")
  })

  test("comes at its expiry, before a tick of that instant", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z", {
      expiresAt: Temporal.Instant.from("2027-03-28T00:01Z").epochMilliseconds
    })
    schedule.look("2027-03-28T00:01Z")
    expect([schedule.status, schedule.rows]).toEqual(["expired", []])
  })

  test("comes when its one time has fired", () => {
    const scheduledAt = Temporal.Instant.from("2027-03-28T00:01Z").epochMilliseconds
    const once = new Scenario({ type: "one_time", scheduledAt, jitterMs: 0 }, "2027-03-28T00:00Z", {
      missedRunPolicy: "catchup"
    })
    once.look("2027-03-28T09:00Z")
    expect([once.status, once.rows]).toEqual(["completed", ["fired 2027-03-28T00:01Z +32340000"]])
  })

  test("that cannot be read any more is a pause, and says so in a row", () => {
    const schedule = new Scenario(minutely, "2027-03-28T00:00:30Z")
    schedule.schedule = { ...schedule.schedule, timing: cron("* * * * *", "America/Nowhere") }
    schedule.look("2027-03-28T00:01Z")
    expect([schedule.status, schedule.rows]).toEqual([
      "paused",
      ["skipped 2027-03-28T00:01Z invalid"]
    ])
  })
})

describe("a schedule that follows another", () => {
  test("waits while that runs, and is skipped when that has failed", () => {
    const after = new Scenario(minutely, "2027-03-28T00:00:30Z", { afterScheduleId: "first" })
    after.predecessor = { running: "first.1", failed: null }
    after.look("2027-03-28T00:01Z")
    expect(after.rows).toEqual([])
    after.predecessor = { running: null, failed: null }
    after.give({ type: "Release" }, "2027-03-28T00:01:20Z")
    after.look("2027-03-28T00:01:20Z")
    after.end("2027-03-28T00:01:30Z")
    after.predecessor = { running: null, failed: { runId: "first.2", status: "failed" } }
    after.look("2027-03-28T00:02Z")
    expect([after.rows, after.schedule.unfiredCount]).toEqual([
      ["fired 2027-03-28T00:01Z +20000", "skipped 2027-03-28T00:02Z predecessor"],
      1
    ])
  })
})

describe("jitter", () => {
  test("is the same for a tick whenever it is asked for, and at most half the gap", () => {
    const delays = [1, 2].map(() => {
      const schedule = new Scenario(cron("* * * * *", "UTC", 3_600_000), "2027-03-28T00:00:30Z")
      return schedule.due
    })
    expect(delays[0]).toBe(delays[1] ?? "")
    expect((delays[0] ?? "") < "2027-03-28T00:01:31Z").toBe(true)
  })
})
