import { describe, expect, test } from "bun:test"
import { canonicalZone } from "@backbeat/core/schedule/Zone"
import { countTicks, firstTicks, lastTicks, nextTick } from "@backbeat/core/schedule/ticks"
import { at, fields, iso } from "./when.ts"

const nextOf = (expression: string, zone: string, from: string, count: number) =>
  firstTicks(fields(expression), zone, {
    after: at(from),
    until: Number.MAX_SAFE_INTEGER,
    limit: count
  }).map(iso)

/** Expressions, zone, from (excluded), and the ticks that follow. */
const table: ReadonlyArray<
  readonly [ReadonlyArray<string>, string, string, ReadonlyArray<string>]
> = [
  [
    ["30 2 * * *"],
    "Europe/Berlin",
    "2026-03-28T12:00Z",
    ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]
  ],
  [
    ["0,30 2 * * *", "0 2,3 * * *"],
    "Europe/Berlin",
    "2026-03-28T12:00Z",
    ["2026-03-29T01:00Z", "2026-03-30T00:00Z"]
  ],
  [
    ["*/30 2 * * *"],
    "Europe/Berlin",
    "2026-03-28T12:00Z",
    ["2026-03-30T00:00Z", "2026-03-30T00:30Z"]
  ],
  [
    ["0 */2 * * *"],
    "Europe/Berlin",
    "2026-03-28T22:30Z",
    ["2026-03-28T23:00Z", "2026-03-29T02:00Z", "2026-03-29T04:00Z"]
  ],
  [
    ["30 2 * * *"],
    "Europe/Berlin",
    "2026-10-24T12:00Z",
    ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]
  ],
  [
    ["*/30 2 * * *"],
    "Europe/Berlin",
    "2026-10-24T12:00Z",
    ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z"]
  ],
  [["0 0 * * *"], "Africa/Cairo", "2026-04-22T23:00Z", ["2026-04-23T22:00Z", "2026-04-24T21:00Z"]],
  [
    ["30 23 * * *"],
    "Africa/Cairo",
    "2026-10-28T22:00Z",
    ["2026-10-29T20:30Z", "2026-10-30T21:30Z"]
  ],
  [
    ["30 23 * * *"],
    "America/Nuuk",
    "2026-03-28T12:00Z",
    ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]
  ],
  [
    ["15 2 * * *"],
    "Australia/Lord_Howe",
    "2026-10-03T00:00Z",
    ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]
  ],
  [
    ["45 * * * *"],
    "Australia/Lord_Howe",
    "2026-04-04T14:00Z",
    ["2026-04-04T14:45Z", "2026-04-04T15:15Z", "2026-04-04T16:15Z"]
  ],
  [["30 1 * * *"], "America/New_York", "2026-11-01T05:45Z", ["2026-11-02T06:30Z"]]
]

describe("the ticks of an expression", () => {
  for (const [expressions, zone, from, ticks] of table) {
    for (const expression of expressions) {
      test(`${expression} in ${zone} from ${from}`, () => {
        expect(nextOf(expression, zone, from, ticks.length)).toEqual(
          ticks.map((each) => iso(at(each)))
        )
      })
    }
  }

  test("come on either of two day fields when both restrict", () => {
    expect(
      nextOf("48 14 31 6 0", "UTC", "2027-06-01T00:00Z", 5).map((each) => each.slice(0, 10))
    ).toEqual(["2027-06-06", "2027-06-13", "2027-06-20", "2027-06-27", "2028-06-04"])
    expect(
      nextOf("0 0 30 2 1", "UTC", "2027-02-01T00:00Z", 2).map((each) => each.slice(0, 10))
    ).toEqual(["2027-02-08", "2027-02-15"])
    expect(
      nextOf("0 0 */2 * 1", "UTC", "2027-01-01T00:00Z", 2).map((each) => each.slice(0, 10))
    ).toEqual(["2027-01-11", "2027-01-25"])
  })

  test("come on days that their months have, and on no other", () => {
    expect(
      nextOf("0 8 31 * *", "UTC", "2027-01-01T00:00Z", 4).map((each) => each.slice(5, 10))
    ).toEqual(["01-31", "03-31", "05-31", "07-31"])
    expect(nextOf("0 8 29,30,31 2 *", "UTC", "2027-01-01T00:00Z", 1)).toEqual([
      "2028-02-29T08:00:00.000Z"
    ])
    expect(nextOf("0 0 29 2 */7", "UTC", "2096-03-01T00:00Z", 1)).toEqual([
      "2128-02-29T00:00:00.000Z"
    ])
  })

  test("come twice in the repeated hour of an hourly job, and never twice at one instant", () => {
    const from = at("2027-11-07T07:58Z")
    const until = at("2027-11-07T10:02Z")
    const hourly = firstTicks(fields("0 * * * *"), "America/Los_Angeles", {
      after: from,
      until,
      limit: 9
    })
    expect(hourly.map(iso)).toEqual(
      ["2027-11-07T08:00Z", "2027-11-07T09:00Z", "2027-11-07T10:00Z"].map((each) => iso(at(each)))
    )
    const minutes = firstTicks(fields("* * * * *"), "America/Los_Angeles", {
      after: from,
      until,
      limit: 999
    })
    expect(minutes.length).toBe(124)
    expect(
      minutes.every((tick, index) => index === 0 || tick - (minutes[index - 1] ?? 0) === 60_000)
    ).toBe(true)
  })

  test("are counted without being walked through", () => {
    const every = fields("* * * * *")
    const span = { after: at("2026-01-01T00:00Z"), until: at("2026-01-31T00:00Z") }
    expect(countTicks(every, "Europe/Berlin", span)).toBe(43_200)
    expect(
      countTicks(every, "Europe/Berlin", { after: span.after, until: at("9000-01-01T00:00Z") })
    ).toBeGreaterThan(3_000_000_000)
    expect(lastTicks(every, "UTC", { ...span, limit: 3 }).map(iso)).toEqual([
      "2026-01-30T23:58:00.000Z",
      "2026-01-30T23:59:00.000Z",
      "2026-01-31T00:00:00.000Z"
    ])
    expect(
      lastTicks(fields("0 0 29 2 *"), "UTC", {
        ...span,
        after: at("2000-01-01T00:00Z"),
        limit: 2
      }).map(iso)
    ).toEqual(["2020-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"])
  })

  test("are found with zones that do not change, by their names in any case, and by offsets", () => {
    expect(nextTick(fields("0 5 * * *"), "+05:30", at("2026-01-01T00:00Z"))).toBe(
      at("2026-01-01T23:30Z")
    )
    expect(canonicalZone("europe/berlin")).toBe("Europe/Berlin")
    expect([canonicalZone("GMT+3"), canonicalZone("Mars/Base"), canonicalZone("")]).toEqual([
      null,
      null,
      null
    ])
  })
})
