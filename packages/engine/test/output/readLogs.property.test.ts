// For any output and any cuts between reads, each line comes once and in order.
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { visibleText } from "../../src/output/Line.ts"
import { outputStreams } from "../../src/output/OutputStream.ts"
import type { OutputStream } from "../../src/output/OutputStream.ts"
import { readLogs } from "./readLogs.ts"
import type { LogLine } from "../../src/output/LogLine.ts"
import { AttemptRig } from "./AttemptRig.ts"

interface Write {
  readonly stream: OutputStream
  readonly bytes: Uint8Array
  readonly sampled: boolean
  readonly read: number
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(fc.constantFrom(10, 10, 13, 27, 0, 0x61, 0xe2, 0x82, 0xac, 0xff), { maxLength: 60 })
    .map((list) => Uint8Array.from(list)),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => Buffer.from(`${text}\n`))
)

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    stream: fc.constantFrom<OutputStream>("stdout", "stderr"),
    bytes,
    sampled: fc.boolean(),
    read: fc.integer({ min: 0, max: 4 })
  }),
  { maxLength: 25 }
)

/**
 * The lines of one stream, computed independently: split at each newline; the rest is a line if it
 * is not empty.
 */
function linesOf(stream: OutputStream, written: readonly Write[]): string[] {
  const whole = Buffer.concat(
    written.filter((write) => write.stream === stream).map((write) => write.bytes)
  )
  const lines: string[] = []
  let start = 0
  for (const [index, byte] of whole.entries()) {
    if (byte !== 10) continue
    lines.push(visibleText(whole.subarray(start, index), false))
    start = index + 1
  }
  if (start < whole.length) lines.push(visibleText(whole.subarray(start), false))
  return lines
}

const only = (lines: readonly LogLine[], stream: OutputStream): string[] =>
  lines.filter((line) => line.stream === stream).map((line) => line.text)

describe("any output", () => {
  test("gives each line once and in order when it is read from cursor to cursor while it grows", async () => {
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 5 }), async (written, finalLines) => {
        using rig = new AttemptRig()
        const watching = rig.watch()
        const got: LogLine[] = []
        let since = "c1-0-0"
        const readOn = async (lines: number, ended: boolean): Promise<boolean> => {
          const page = await Effect.runPromise(
            readLogs({ output: { attempt: 1, dir: rig.dir, ended }, lines, since })
          )
          got.push(...page.lines)
          since = page.cursor
          return page.hasMore
        }
        for (const write of written) {
          rig.append(write.stream, write.bytes)
          if (write.sampled) watching.sampleNow()
          if (write.read > 0) await readOn(write.read, false)
        }
        while (await readOn(finalLines, true));
        for (const stream of outputStreams)
          expect(only(got, stream)).toEqual(linesOf(stream, written))
      }),
      { numRuns: 150 }
    )
  }, 60_000)

  test("has the same last lines and count as a reader of all of it", async () => {
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 0, max: 8 }), async (written, lines) => {
        using rig = new AttemptRig()
        const watching = rig.watch()
        for (const write of written) {
          rig.append(write.stream, write.bytes)
          if (write.sampled) watching.sampleNow()
        }
        watching.close()
        const output = { attempt: 1, dir: rig.dir, ended: true }
        const all = await Effect.runPromise(readLogs({ output, lines: 10_000, since: "c1-0-0" }))
        const last = await Effect.runPromise(readLogs({ output, lines }))
        const expected = linesOf("stdout", written).length + linesOf("stderr", written).length
        expect(all.lines.length).toBe(expected)
        expect(last.lines).toEqual(lines === 0 ? [] : all.lines.slice(-lines))
        expect(last.totalLines).toBe(expected)
        const matching = await Effect.runPromise(readLogs({ output, lines, grep: "a" }))
        const expectedMatches = all.lines.filter((line) => line.text.includes("a"))
        expect(matching.totalLines).toBe(expectedMatches.length)
        expect(matching.lines).toEqual(lines === 0 ? [] : expectedMatches.slice(-lines))
      }),
      { numRuns: 150 }
    )
  }, 60_000)

  test("is read correctly when lines and characters cross the borders of chunks", async () => {
    using rig = new AttemptRig()
    const chunk = 262_144
    const written: Write[] = []
    for (const delta of [-3, -2, -1, 0, 1, 2]) {
      const filler = Buffer.from("x".repeat(chunk + delta - 2))
      for (const tail of [
        [0xe2, 0x82, 0xac],
        [0xf0, 0x9f, 0x8e, 0x89],
        [0xe2, 0x82],
        [0xff, 0xfe],
        [13],
        []
      ]) {
        written.push({
          stream: "stdout",
          bytes: Buffer.concat([filler, Buffer.from(tail), Buffer.from("\nshort €\n")]),
          sampled: false,
          read: 0
        })
      }
    }
    for (const write of written) rig.append(write.stream, write.bytes)
    const output = { attempt: 1, dir: rig.dir, ended: true }
    const forward = await Effect.runPromise(readLogs({ output, lines: 1_000, since: "c1-0-0" }))
    const backward = await Effect.runPromise(readLogs({ output, lines: 1_000 }))
    expect(backward.lines).toEqual(forward.lines)
    expect(forward.totalLines).toBe(written.length * 2)
    expect(forward.lines.filter((line) => line.text === "short €").length).toBe(written.length)
  })

  test("with short lines is read correctly across the borders of chunks", async () => {
    using rig = new AttemptRig()
    const lines = Array.from(
      { length: 30_000 },
      (_, index) => `${"€🎉ü".repeat(index % 7)}${index}`
    )
    rig.append("stderr", lines.join("\n"))
    rig.append("stderr", Uint8Array.from([10, 0x61, 0xe2, 0x82]))
    const output = { attempt: 1, dir: rig.dir, ended: true }
    const got: string[] = []
    let page: { readonly cursor: string; readonly hasMore: boolean } = {
      cursor: "c1-0-0",
      hasMore: true
    }
    while (page.hasMore) {
      const next = await Effect.runPromise(readLogs({ output, lines: 7_000, since: page.cursor }))
      got.push(...only(next.lines, "stderr"))
      page = next
    }
    expect(got).toEqual([...lines, "a\uFFFD"])
    const last = await Effect.runPromise(readLogs({ output, lines: 30_001 }))
    expect(only(last.lines, "stderr")).toEqual(got)
  })
})
