import { expect, test } from "bun:test"
import { countTicks, firstTicks, lastTicks } from "@backbeat/core/schedule/ticks"
import * as fc from "fast-check"
import { at, fields } from "./when.ts"
import { offsetsOf, walk } from "./walk.ts"

const hourMs = 3_600_000
const isLong = process.env["BACKBEAT_LONG"] === "1"

const expressions = [
  "* * * * *",
  "*/15 * * * *",
  "0 * * * *",
  "30 2 * * *",
  "0,30 1-3 * * *",
  "*/30 2 * * *",
  "0 */2 * * *",
  "0 0 * * *",
  "30 23 * * *",
  "15 2 13 * 0",
  "59 1 * * MON-FRI"
].map(fields)

interface Change {
  readonly zone: string
  readonly instant: number
}

/** Every distinct clock change from 2024 until 2032. */
const changes: ReadonlyArray<Change> = (() => {
  const found = new Map<string, Change>()
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    let time = new Temporal.ZonedDateTime(BigInt(at("2024-01-01T00:00Z")) * 1_000_000n, zone)
    for (;;) {
      const next = time.getTimeZoneTransition("next")
      if (next === null || next.epochMilliseconds > at("2033-01-01T00:00Z")) break
      const before = next.subtract({ nanoseconds: 1 }).offset
      const key = `${next.epochMilliseconds} ${before} ${next.offset}`
      if (before !== next.offset && !found.has(key))
        found.set(key, { zone, instant: next.epochMilliseconds })
      time = next
    }
  }
  return [...found.values()]
})()

/** From three hours before a change to nine hours after it: the search finds what the walk finds. */
const compare = ({ zone, instant }: Change, parsed: typeof expressions): void => {
  const from = Math.floor(instant / 60_000) * 60_000 - 3 * hourMs
  const until = from + 12 * hourMs
  const offsets = offsetsOf(zone, from, until)
  const span = { after: from - 60_000, until }
  for (const each of parsed) {
    const walked = walk(each, from, offsets)
    const told = { zone, from, ticks: walked }
    expect({
      zone,
      from,
      ticks: firstTicks(each, zone, { ...span, limit: 10_000 })
    }).toEqual(told)
    expect(countTicks(each, zone, span)).toBe(walked.length)
    expect(lastTicks(each, zone, { ...span, limit: 3 })).toEqual(walked.slice(-3))
  }
}

test("ticks around clock changes are those of a walk over every minute", () => {
  expect(changes.length).toBeGreaterThan(400)
  const step = isLong ? 1 : 16
  for (let index = 0; index < changes.length; index += step) {
    const change = changes[index]
    if (change !== undefined) compare(change, expressions)
  }
}, 600_000)

const value = (low: number, high: number) => fc.integer({ min: low, max: high })
const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    value(low, high).map(String),
    value(1, high - low).map((step) => `*/${step}`),
    // A range that begins where it ends is refused.
    value(low, high - 1).map((first) => `${first}-${high}`),
    value(low + 1, high).map((last) => `${low}-${last}`),
    fc.array(value(low, high), { minLength: 2, maxLength: 4 }).map((all) => all.join(","))
  )
const anyExpression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((all) => all.join(" "))

test("random expressions around random clock changes tick as in a walk over every minute", () => {
  fc.assert(
    fc.property(anyExpression, fc.constantFrom(...changes), (expression, change) =>
      compare(change, [fields(expression)])
    ),
    { numRuns: isLong ? 5000 : 100 }
  )
}, 600_000)
