import { describe, expect, test } from "bun:test"
import { lengthOf, unitOf } from "@backbeat/contract/meant/units"

describe("a duration", () => {
  test("is parsed with the units that people write", () => {
    const lengths = ["30s", "30 s", "1.5m", "2 minutes", "1h", "2d", "500ms", "3 secs"].map(
      (text) => lengthOf(text, 1000)?.ms
    )
    expect(lengths).toEqual([30_000, 30_000, 90_000, 120_000, 3_600_000, 172_800_000, 500, 3000])
  })

  test("without a unit is in seconds if it is too small for milliseconds", () => {
    expect(lengthOf(2, 1000)).toEqual({ words: "2 s", ms: 2000 })
    expect(lengthOf("600", 1000)).toEqual({ words: "600 s", ms: 600_000 })
    expect(lengthOf("30000", 1000)).toEqual({ words: "30000 ms", ms: 30_000 })
  })

  test("is not one with any other word", () => {
    expect(["soon", "", "5 apples", "-3s", "1e3s"].map((text) => lengthOf(text, 1000))).toEqual([
      null,
      null,
      null,
      null,
      null
    ])
  })
})

test("the unit of a field is in its name", () => {
  expect(
    ["timeout", "delayMs", "maxOutputBytes", "olderThanDays", "maxCostUsd", "lines"].map(unitOf)
  ).toEqual(["milliseconds", "milliseconds", "bytes", "days", "US dollars", null])
})
