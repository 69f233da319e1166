import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  fewLastLines,
  errorPattern,
  lastLinesOf,
  maxLastLines
} from "../../src/output/lastLinesOf.ts"
import { AttemptRig } from "./AttemptRig.ts"

const told = (rig: AttemptRig, lines = maxLastLines) =>
  Effect.runPromise(lastLinesOf(rig.dir, lines))
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `step ${from + index}\n`).join("")
const bytesOf = (lines: readonly string[]): number =>
  Buffer.byteLength(lines.map((line) => `${line}\n`).join(""))

describe("the last lines of a task", () => {
  test("are its last five lines after those that look like errors, with a mark at gaps", async () => {
    using rig = new AttemptRig()
    rig.append(
      "stdout",
      `${numbered(1, 1500)}src/a.ts(3,1): error TS2304: no name\n  at line 3\n${numbered(1501, 3000)}`
    )
    const lines = [
      "src/a.ts(3,1): error TS2304: no name",
      "...",
      "step 2996",
      "step 2997",
      "step 2998",
      "step 2999",
      "step 3000"
    ]
    expect(await told(rig)).toEqual(lines)
    expect(await told(rig, fewLastLines)).toEqual([
      "src/a.ts(3,1): error TS2304: no name",
      "...",
      "step 3000"
    ])
  })

  test("include the newest ten that look like errors, or the newest two in a brief answer", async () => {
    using rig = new AttemptRig()
    for (let line = 1; line <= 20; line++) rig.append("stderr", `error ${line}\n`)
    expect(await told(rig)).toEqual(Array.from({ length: 15 }, (_, index) => `error ${index + 6}`))
    expect(await told(rig, fewLastLines)).toEqual(["error 18", "error 19", "error 20"])
  })

  test("come from both streams in their order of arrival", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    rig.arrive(watching, "stderr", "one\n")
    rig.arrive(watching, "stdout", "two\n\n")
    rig.arrive(watching, "stderr", "three\n")
    rig.arrive(watching, "stdout", "four")
    expect(await told(rig)).toEqual(["one", "two", "three", "four"])
  })

  test("have at most 1,600 bytes, 300 characters per line, and as three lines 400 bytes", async () => {
    using rig = new AttemptRig()
    for (let line = 1; line <= 12; line++)
      rig.append("stdout", `error ${line} ${"é".repeat(line * 40)}\n`)
    const whole = await told(rig)
    expect(bytesOf(whole)).toBeLessThanOrEqual(1600)
    expect(whole.every((line) => line.length <= 300)).toBe(true)
    expect(whole.at(-1)).toMatch(/^error 12 é+…$/u)
    const brief = await told(rig, fewLastLines)
    expect(bytesOf(brief)).toBeLessThanOrEqual(400)
    expect(brief.at(-1)).toMatch(/^error 12 é+…$/u)
  })

  test("read only a part of a long output, and show the last state of a progress bar", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `error too far back\n${"50 %\r".repeat(500_000)}100 %`)
    expect(await told(rig)).toEqual(["100 %"])
    rig.append("stderr", numbered(1, 200_000))
    expect((await told(rig)).slice(-1)).toEqual(["step 200000"])
  })

  test("are none without output", async () => {
    using rig = new AttemptRig()
    expect(await told(rig)).toEqual([])
  })
})

describe("a line", () => {
  test("looks like an error by the expression that docs/logs.md has", () => {
    const document = readFileSync(join(import.meta.dir, "../../../../docs/logs.md"), "utf8")
    expect(document).toContain(`\n${errorPattern.source}\n`)
  })

  test.each([
    "src/a.ts: error: x",
    "ERROR in ./a",
    "FAIL a.test.ts",
    "(fail) a test",
    "TypeError: x is undefined",
    "panic: runtime",
    "Error: listen EADDRINUSE",
    "bash: foo: command not found",
    "1 failed, 3 passed",
    "not ok 3 - adds",
    "✗ adds",
    "10 errors",
    "java.lang.NullPointerException"
  ])("looks like an error: %s", (line) => expect(errorPattern.test(line)).toBe(true))
  test.each([
    "0 errors, 0 failed",
    "No errors",
    "compiled src/errorsOf.ts",
    "failures: 0",
    "12 passed",
    "terror",
    "defaulted"
  ])("does not: %s", (line) => expect(errorPattern.test(line)).toBe(false))
})
