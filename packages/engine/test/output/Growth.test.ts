import { describe, expect, test } from "bun:test"
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { readTimestamps } from "../../src/output/OutputTimestamps.ts"
import type { Sample } from "../../src/output/OutputTimestamps.ts"
import { watchOutput } from "../../src/output/Growth.ts"
import { outputPath } from "../../src/output/OutputStream.ts"
import { AttemptRig, grown } from "./AttemptRig.ts"

describe("a watch on the output", () => {
  test("reports what a running process writes to either stream", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const writer = rig.writer()
    writer.tell("echo one")
    expect(await grown(watching, (sample) => sample.stdoutBytes === 4)).toMatchObject({
      stderrBytes: 0
    })
    writer.tell("echo two >&2")
    expect(await grown(watching, (sample) => sample.stderrBytes === 4)).toMatchObject({
      stdoutBytes: 4
    })
    await writer.done()
  })

  test("misses none of many small writes at any interval", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const writer = rig.writer()
    for (let line = 1; line <= 300; line++) {
      writer.tell("echo x")
      if (line % 20 === 0) await grown(watching, (sample) => sample.stdoutBytes === line * 2)
    }
    expect(await writer.done()).toBe(0)
    expect(watching.last.stdoutBytes).toBe(600)
  })

  test("continues when a listener fails, like a rotation without a descriptor", async () => {
    using rig = new AttemptRig()
    const heard: Array<number> = []
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.append("stdout", "one\n")
    rig.watchLater({
      boundBytes: 1024,
      onGrowth: ({ stdoutBytes }) => {
        heard.push(stdoutBytes)
        if (heard.length > 1) return resolve()
        rig.append("stdout", "two\n")
        throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" })
      }
    })
    await promise
    expect(heard).toEqual([4, 8])
  })

  test("detects growth again after a pause", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const writer = rig.writer()
    for (let round = 1; round <= 4; round++) {
      // Longer than the interval, so that at the write the watch is set and no timer runs.
      writer.tell("sleep 0.12; echo x")
      await grown(watching, (sample) => sample.stdoutBytes === round * 2)
    }
    await writer.done()
  })

  test("costs the engine little while a process writes 1 GiB at full speed", async () => {
    using rig = new AttemptRig()
    let samples = 0
    const watching = rig.watch({ onGrowth: () => void samples++ })
    const writer = rig.writer()
    const before = process.cpuUsage()
    const startedAt = performance.now()
    writer.tell("yes | head -c 1073741824")
    await grown(watching, (sample) => sample.stdoutBytes === 1_073_741_824)
    const { user, system } = process.cpuUsage(before)
    await writer.done()
    expect((user + system) / 1000).toBeLessThan(500)
    expect(samples).toBeLessThan((performance.now() - startedAt) / 50 + 5)
  }, 60_000)

  test("samples more often while a caller waits for a line", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const release = watching.hurry()
    const writer = rig.writer()
    const gaps: number[] = []
    let last: Sample | undefined
    watching.subscribe((sample) => {
      if (last !== undefined) gaps.push(sample.at - last.at)
      last = sample
    })
    writer.tell("i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo end >&2")
    await grown(watching, (sample) => sample.stderrBytes === 4)
    await writer.done()
    release()
    expect(gaps.toSorted((a, b) => a - b)[0]).toBeLessThan(40)
  })

  test("shortens the current interval when a caller starts to wait", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const waits: number[] = []
    const writer = rig.writer()
    for (let round = 1; round <= 5; round++) {
      writer.tell("sleep 0.07; echo a")
      await grown(watching, (sample) => sample.stdoutBytes === round * 4 - 2)
      rig.append("stdout", "b\n")
      const startedAt = performance.now()
      const release = watching.hurry()
      await grown(watching, (sample) => sample.stdoutBytes === round * 4)
      waits.push(performance.now() - startedAt)
      release()
    }
    await writer.done()
    expect(Math.min(...waits)).toBeLessThan(40)
  })

  test("first reports to a later engine what was written while none ran, with the time of the file", async () => {
    using rig = new AttemptRig()
    const first = rig.watch({ now: () => 1_000 })
    rig.arrive(first, "stdout", "seen\n")
    first.close()
    rig.append("stderr", "unseen\n")
    const told: Sample[] = []
    rig.watch({ onGrowth: (sample) => told.push(sample) })
    expect(told).toMatchObject([{ stdoutBytes: 5, stderrBytes: 7 }])
    expect(readTimestamps(rig.dir).count).toBe(2)
  })

  test("that starts later does not start for an attempt that has ended by then, unless its output exceeds the limit", () => {
    for (const [boundBytes, told] of [
      [1024, []],
      [5, [{ stdoutBytes: 6, stderrBytes: 0 }]]
    ] as const) {
      using rig = new AttemptRig()
      const samples: Sample[] = []
      const watching = rig.watchLater({ boundBytes, onGrowth: (sample) => samples.push(sample) })
      rig.append("stdout", "short\n")
      watching.close()
      expect(samples).toMatchObject(told)
      expect(readTimestamps(rig.dir).count).toBe(told.length)
    }
  })

  test("that starts later starts by itself, and at once when a caller subscribes", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "first\n")
    const heard = Promise.withResolvers<Sample>()
    rig.watchLater({ boundBytes: 1024, onGrowth: heard.resolve })
    expect(await heard.promise).toMatchObject({ stdoutBytes: 6 })
    const samples: Sample[] = []
    const asked = rig.watchLater({ boundBytes: 1024, onGrowth: (sample) => samples.push(sample) })
    rig.append("stdout", "more\n")
    asked.subscribe(() => {})
    expect(samples).toMatchObject([{ stdoutBytes: 11 }])
  })

  test("takes a last sample when it is closed, and none after", () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    rig.append("stdout", "x\n")
    watching.close()
    expect(watching.last.stdoutBytes).toBe(2)
    rig.append("stdout", "x\n")
    expect(watching.sampleNow().stdoutBytes).toBe(2)
  })

  test("never goes back in time when the clock does", () => {
    using rig = new AttemptRig()
    let clock = 5_000
    const watching = rig.watch({ now: () => clock })
    rig.arrive(watching, "stdout", "a\n")
    clock = 3_000
    rig.arrive(watching, "stdout", "b\n")
    expect(watching.last.at).toBe(5_000)
  })

  test("continues to count when another program empties a file", () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    rig.arrive(watching, "stdout", "before\n")
    truncateSync(outputPath(rig.dir, "stdout"), 0)
    rig.arrive(watching, "stdout", "new\n")
    expect(watching.last.stdoutBytes).toBe(11)
  })

  test("polls for growth when it cannot watch", async () => {
    using rig = new AttemptRig()
    const dir = `${rig.dir}/later`
    const watching = watchOutput(dir, { onGrowth: () => {} })
    mkdirSync(dir)
    writeFileSync(outputPath(dir, "stdout"), "by itself\n")
    writeFileSync(outputPath(dir, "stderr"), "")
    await grown(watching, (sample) => sample.stdoutBytes === 10)
    expect(watching.degraded).toBe(false)
    watching.close()
  })

  test("reports that it is degraded when it cannot watch, detects growth on request, and recovers", async () => {
    using rig = new AttemptRig()
    const dir = `${rig.dir}/later`
    const watching = watchOutput(dir, { onGrowth: () => {} })
    expect(watching.degraded).toBe(true)
    mkdirSync(dir)
    writeFileSync(outputPath(dir, "stdout"), "on request\n")
    writeFileSync(outputPath(dir, "stderr"), "")
    expect(watching.sampleNow().stdoutBytes).toBe(11)
    expect(watching.degraded).toBe(false)
    writeFileSync(outputPath(dir, "stderr"), "by itself\n")
    await grown(watching, (sample) => sample.stderrBytes === 10)
    watching.close()
  })

  test("survives the removal of the folder", () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    rig.arrive(watching, "stdout", "x\n")
    rmSync(rig.dir, { recursive: true })
    expect(watching.sampleNow().stdoutBytes).toBe(2)
    watching.close()
  })
})
