import { describe, expect, test } from "bun:test"
import { appendFileSync, utimesSync } from "node:fs"
import { appendSample, lastSample, readTimestamps } from "../../src/output/OutputTimestamps.ts"
import { outputPath } from "../../src/output/OutputStream.ts"
import { AttemptRig } from "./AttemptRig.ts"

describe("the timestamps of output", () => {
  test("contain the sample in which a stream reached an offset", () => {
    using rig = new AttemptRig()
    let size = appendSample(rig.dir, { at: 10, stdoutBytes: 5, stderrBytes: 0 }, 0)
    size = appendSample(rig.dir, { at: 20, stdoutBytes: 5, stderrBytes: 3 }, size)
    appendSample(rig.dir, { at: 30, stdoutBytes: 9, stderrBytes: 3 }, size)
    const arrivals = readTimestamps(rig.dir)
    expect([0, 5, 6, 9, 10].map((offset) => arrivals.sampleOf("stdout", offset))).toEqual([
      0, 0, 2, 2, 3
    ])
    expect([1, 3, 4].map((offset) => arrivals.sampleOf("stderr", offset))).toEqual([1, 1, 3])
    expect([0, 2, 3].map((sample) => arrivals.timeOf(sample))).toEqual([10, 30, undefined])
  })

  test("drop a record that a crash left incomplete, so that later ones are read correctly", () => {
    using rig = new AttemptRig()
    appendSample(rig.dir, { at: 10, stdoutBytes: 5, stderrBytes: 0 }, 0)
    appendFileSync(`${rig.dir}/arrivals`, new Uint8Array(11))
    expect(lastSample(rig.dir)).toEqual({ at: 10, stdoutBytes: 5, stderrBytes: 0 })
    appendSample(rig.dir, { at: 20, stdoutBytes: 6, stderrBytes: 0 }, 24)
    expect(readTimestamps(rig.dir).timeOf(1)).toBe(20)
  })

  test("show which stream was written last for an attempt that was never sampled", () => {
    using rig = new AttemptRig()
    rig.append("stdout", "out\n")
    rig.append("stderr", "failed\n")
    const written = (stdoutAt: number, stderrAt: number) => {
      utimesSync(outputPath(rig.dir, "stdout"), stdoutAt, stdoutAt)
      utimesSync(outputPath(rig.dir, "stderr"), stderrAt, stderrAt)
      const arrivals = readTimestamps(rig.dir)
      return (["stdout", "stderr"] as const).map((stream) => arrivals.sampleOf(stream, 4))
    }
    expect(written(1, 2)).toEqual([0, 0])
    expect(written(2, 1)).toEqual([1, 0])
    expect(readTimestamps(rig.dir).timeOf(1)).toBe(2000)
  })

  test("stay within 1 MiB, get coarser only in the older half, and keep their order", () => {
    using rig = new AttemptRig()
    let size = 0
    // Three records after the first thinning.
    const total = 43_694
    for (let index = 1; index <= total; index++)
      size = appendSample(rig.dir, { at: index, stdoutBytes: index, stderrBytes: 0 }, size)
    const arrivals = readTimestamps(rig.dir)
    expect(arrivals.count * 24).toBe(size)
    expect(size).toBeLessThan(800_000)
    expect(arrivals.timeOf(arrivals.sampleOf("stdout", total))).toBe(total)
    const newest = Array.from({ length: 20_000 }, (_, index) => total - index)
    expect(newest.map((offset) => arrivals.timeOf(arrivals.sampleOf("stdout", offset)))).toEqual(
      newest
    )
    const times = Array.from({ length: arrivals.count }, (_, index) => arrivals.timeOf(index) ?? 0)
    expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))).toBe(true)
  })
})
