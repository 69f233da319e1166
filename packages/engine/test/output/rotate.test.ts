import { describe, expect, test } from "bun:test"
import { closeSync, openSync, readFileSync, statSync } from "node:fs"
import * as Effect from "effect/Effect"
import { follow } from "../../src/output/follow.ts"
import { OutputFile } from "../../src/output/OutputFile.ts"
import { outputPath } from "../../src/output/OutputStream.ts"
import { punchHole } from "../../src/output/punchHole.ts"
import type { LogQuery } from "../../src/output/LogQuery.ts"
import { type LogPage, readLogs } from "./readLogs.ts"
import { rotate } from "../../src/output/rotate.ts"
import type { RotateMethod } from "../../src/output/rotate.ts"
import * as Stream from "effect/Stream"
import { AttemptRig, grown } from "./AttemptRig.ts"

const read = (rig: AttemptRig, asked: Partial<LogQuery> = {}): Promise<LogPage> =>
  Effect.runPromise(
    readLogs({ output: { attempt: 1, dir: rig.dir, ended: true }, lines: 1_000_000, ...asked })
  )

const line = (number: number): string => `line ${String(number).padStart(9, "0")}`
const lineBytes = 15
const methods: readonly RotateMethod[] = ["hole", "copy"]

/** A shell command that writes such lines, in many small writes. */
const numberedLines = (from: number, to: number): string =>
  `awk 'BEGIN { for (i = ${from}; i < ${to}; i++) { printf "line %09d\\n", i; if (i % 500 == 0) fflush() } }'`

function write(rig: AttemptRig, from: number, to: number): void {
  rig.append(
    "stdout",
    Array.from({ length: to - from + 1 }, (_, index) => `${line(from + index)}\n`).join("")
  )
}

describe.each(methods)("output rotated by %s", (method) => {
  test("is not changed within its limit", () => {
    using rig = new AttemptRig()
    write(rig, 1, 100)
    expect(rotate({ dir: rig.dir, maxOutputBytes: 100 * lineBytes, method })).toEqual({
      stdout: 0,
      stderr: 0
    })
  })

  test("keeps the newest complete lines and returns the dropped bytes", async () => {
    using rig = new AttemptRig()
    write(rig, 1, 10_000)
    rig.append("stderr", "kept\n")
    const dropped = rotate({ dir: rig.dir, maxOutputBytes: 50_000, method })
    const page = await read(rig, { stream: "stdout" })
    const kept = (10_000 * lineBytes - dropped.stdout) / lineBytes
    expect(kept * lineBytes).toBeLessThanOrEqual(50_000)
    expect(kept * lineBytes).toBeGreaterThan(24_000)
    expect(page.lines.map(({ text }) => text)).toEqual(
      Array.from({ length: kept }, (_, index) => line(10_001 - kept + index))
    )
    expect(page).toMatchObject({
      totalLines: kept,
      droppedBytes: dropped.stdout,
      lossPossible: method === "copy",
      hasMore: false
    })
    expect((await read(rig, { stream: "stderr" })).lines.map(({ text }) => text)).toEqual(["kept"])
  })

  test("keeps cursors valid: one in the kept part continues there, an older one at the oldest kept line", async () => {
    using rig = new AttemptRig()
    write(rig, 1, 10_000)
    rotate({ dir: rig.dir, maxOutputBytes: 60_000, method })
    write(rig, 10_001, 12_000)
    const dropped = rotate({ dir: rig.dir, maxOutputBytes: 40_000, method }).stdout
    const inside = await read(rig, { since: `c1-${11_000 * lineBytes}-0`, lines: 2 })
    expect([inside.lines.map(({ text }) => text), inside.droppedBytes]).toEqual([
      [line(11_001), line(11_002)],
      0
    ])
    const before = await read(rig, { since: `c1-${5_000 * lineBytes}-0`, lines: 1 })
    expect(before.lines.map(({ text }) => text)).toEqual([line(dropped / lineBytes + 1)])
    expect(before.droppedBytes).toBe(dropped - 5_000 * lineBytes)
    expect((await read(rig, { grep: "000" })).totalLines).toBe(12_000 - dropped / lineBytes)
  })

  test("is counted correctly when a count was cached before", async () => {
    using rig = new AttemptRig()
    write(rig, 1, 300_000)
    expect((await read(rig, { lines: 1 })).totalLines).toBe(300_000)
    const dropped = rotate({ dir: rig.dir, maxOutputBytes: 3_000_000, method }).stdout
    expect((await read(rig, { lines: 1 })).totalLines).toBe(300_000 - dropped / lineBytes)
  })

  test("is not read in the dropped part by a reader that had opened it before", () => {
    using rig = new AttemptRig()
    write(rig, 1, 10_000)
    const file = new OutputFile(rig.dir, "stdout")
    const dropped = rotate({ dir: rig.dir, maxOutputBytes: 50_000, method }).stdout
    const bytes = new Uint8Array(lineBytes)
    expect(file.read(0, bytes)).toBe("dropped")
    expect(file.keptFrom).toBe(dropped)
    expect(file.read(9_999 * lineBytes, bytes)).toBe(lineBytes)
    expect(Buffer.from(bytes).toString()).toBe(`${line(10_000)}\n`)
    file.close()
  })

  test("starts with a complete character when a single line exceeds the limit", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "€".repeat(60_000))
    rotate({ dir: rig.dir, maxOutputBytes: 10_000, method })
    const text = (await read(rig)).lines[0]?.text ?? ""
    expect(text).toMatch(/^€+$/)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(10_000)
  })
})

describe("a process that writes while its output is rotated", () => {
  test.each([1_024, 65_536, 1_048_576])(
    "loses nothing but what is dropped, within %d bytes",
    async (maxOutputBytes) => {
      using rig = new AttemptRig()
      let rotations = 0
      let sparse = 0
      const watching = rig.watch({
        onGrowth: () => {
          rotations++
          const dropped = rotate({ dir: rig.dir, maxOutputBytes })
          sparse = Math.max(sparse, dropped.stdout)
        }
      })
      const release = watching.hurry()
      const follower = Effect.runPromise(
        follow({ attempt: 1, dir: rig.dir, watch: watching, ended: Effect.never }).pipe(
          Stream.takeUntil((followed) => followed.text === line(299_999)),
          Stream.runCollect
        )
      )
      const writer = rig.writer()
      for (let round = 0; round < 10; round++) {
        writer.tell(numberedLines(round * 30_000, (round + 1) * 30_000))
        await grown(watching, (sample) => sample.stdoutBytes === (round + 1) * 30_000 * lineBytes)
      }
      await writer.done()
      const followed = await follower
      release()
      expect(rotations).toBeGreaterThanOrEqual(10)
      expect(sparse).toBeGreaterThan(0)
      const stat = statSync(outputPath(rig.dir, "stdout"))
      expect(stat.size).toBe(300_000 * lineBytes)
      expect(stat.blocks * 512).toBeLessThanOrEqual(maxOutputBytes + 64 * 1_024)
      const page = await read(rig)
      const first = page.droppedBytes / lineBytes
      expect(page.lines.map(({ text }) => text)).toEqual(
        Array.from({ length: 300_000 - first }, (_, index) => line(first + index))
      )
      expect((300_000 - first) * lineBytes).toBeLessThanOrEqual(maxOutputBytes)
      // A follower may miss what was dropped before it read, but gets no line twice, torn or out of
      // order.
      const numbers = followed.map(({ text }) => Number(/^line (\d{9})$/.exec(text)?.[1]))
      expect(
        numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? Number.NaN))
      ).toBe(true)
      const missedBytes = followed.reduce((sum, { droppedBytes }) => sum + (droppedBytes ?? 0), 0)
      expect(missedBytes + numbers.length * lineBytes).toBe(300_000 * lineBytes)
    },
    30_000
  )

  test("loses at most one part at each copy when the file system has no holes, and reports this to its readers", async () => {
    using rig = new AttemptRig()
    let rotations = 0
    const rotated = (): void => {
      rotations++
      rotate({ dir: rig.dir, maxOutputBytes: 65_536, method: "copy" })
    }
    const watching = rig.watch({ onGrowth: rotated })
    const release = watching.hurry()
    const writer = rig.writer()
    writer.tell(numberedLines(0, 300_000))
    await writer.done()
    watching.sampleNow()
    release()
    expect(statSync(outputPath(rig.dir, "stdout")).size).toBeLessThanOrEqual(65_536)
    const page = await read(rig)
    expect(page.lossPossible).toBe(true)
    const numbers = page.lines.map(({ text }) => Number(/^line (\d{9})$/.exec(text)?.[1]))
    expect(numbers.length).toBeGreaterThan(1_000)
    // A lost part tears one line, which breaks the sequence before and after it.
    const breaks = numbers.filter(
      (number, index) => index > 0 && number !== (numbers[index - 1] ?? Number.NaN) + 1
    )
    expect(breaks.length).toBeLessThanOrEqual(2 * rotations)
  }, 30_000)
})

describe("a hole", () => {
  test("reads as zeros and keeps the length", () => {
    using rig = new AttemptRig()
    rig.append("stdout", "x".repeat(8_192))
    const fd = openSync(outputPath(rig.dir, "stdout"), "r+")
    const punched = punchHole(fd, 4_096)
    closeSync(fd)
    expect(punched).toBe(process.platform === "linux")
    if (punched)
      expect(readFileSync(outputPath(rig.dir, "stdout"), "latin1")).toBe(
        "\0".repeat(4_096) + "x".repeat(4_096)
      )
  })
})
