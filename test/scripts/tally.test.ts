import { describe, expect, test } from "bun:test"
import { readTally } from "../../scripts/tally.ts"

const suite = (file: string): string =>
  `  <testsuite name="${file}" file="${file}" tests="2" assertions="2" failures="1" skipped="0" time="0.002">`
const report = (totals: string, ...files: ReadonlyArray<string>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="bun test" ${totals} time="0.1">\n${files.map(suite).join("\n")}\n</testsuites>`

describe("the tally of a test run", () => {
  test("counts what passed and what failed, and skipped tests as neither", () => {
    expect(
      readTally(report('tests="7" assertions="9" failures="2" skipped="1"', "a.test.ts"), [
        "a.test.ts"
      ])
    ).toEqual({
      passed: 4,
      failed: 2
    })
  })

  test("counts a file that did not load as a failure", () => {
    expect(
      readTally(report('tests="3" assertions="3" failures="0" skipped="0"', "a.test.ts"), [
        "a.test.ts",
        "b.test.ts"
      ])
    ).toEqual({ passed: 3, failed: 1 })
  })

  test("takes a report without totals for a run that failed", () => {
    expect(readTally("", ["a.test.ts", "b.test.ts"])).toEqual({ passed: 0, failed: 2 })
  })
})
