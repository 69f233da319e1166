import { describe, expect, test } from "bun:test"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openMachine, parseMeminfo, parseProcStat } from "../../src/queue/machine.ts"
import { layerResources, layerResourcesOf, Resources } from "../../src/queue/Resources.ts"

const meminfo =
  "MemTotal:       24684084 kB\nMemFree:        22267916 kB\nMemAvailable:   24083652 kB\nHugePages_Total:       0\n"
const stat = (busy: number, idle: number) =>
  `cpu  ${busy} 0 0 ${idle} 0 0 0 0 9 9\ncpu0 1 2 3 4 5\nintr 7\n`

describe("the kernel's files about the machine", () => {
  test("give used and total CPU time; guests count once, waiting for disks counts as idle", () => {
    expect(
      parseProcStat("cpu  413827 8568 378218 1402767 6874 1 1962 1017 500 20\ncpu0 1 1 1 1\n")
    ).toEqual({
      used: 413_827 + 8568 + 378_218 + 1 + 1962 + 1017,
      total: 413_827 + 8568 + 378_218 + 1_402_767 + 6874 + 1 + 1962 + 1017
    })
    expect(parseProcStat("intr 1 2 3\n")).toBeNull()
  })

  test("give the available memory", () => {
    expect(parseMeminfo(meminfo)).toEqual({
      totalBytes: 24_684_084 * 1024,
      availableBytes: 24_083_652 * 1024
    })
    expect(parseMeminfo("MemTotal: 5 kB\n")).toBeNull()
  })

  test("can be read on this machine", () => {
    const machine = openMachine("/proc")
    const [cpu, memory] = [machine.cpu(), machine.memory()]
    expect(cpu?.total).toBeGreaterThan(cpu?.used ?? Number.POSITIVE_INFINITY)
    expect(memory?.availableBytes).toBeGreaterThan(0)
    expect(memory?.totalBytes).toBeGreaterThanOrEqual(
      memory?.availableBytes ?? Number.POSITIVE_INFINITY
    )
  })
})

describe("resources", () => {
  test("are the tighter of the machine and its control group", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "resources-"))
    const mounts = { proc: join(scratch, "proc"), cgroup: join(scratch, "cgroup") }
    mkdirSync(join(mounts.proc, "self"), { recursive: true })
    mkdirSync(mounts.cgroup)
    const write = (path: string, content: string) => writeFileSync(join(scratch, path), content)
    write("proc/stat", stat(100, 100))
    write("proc/meminfo", meminfo)
    write("proc/self/cgroup", "0::/\n")
    write("cgroup/cgroup.controllers", "cpu memory\n")
    write("cgroup/cpu.max", "100000 100000\n")
    write("cgroup/cpu.stat", "usage_usec 0\n")
    write("cgroup/memory.max", "4000000\n")
    write("cgroup/memory.current", "1000000\n")
    await Effect.gen(function* () {
      const clock = yield* TestClock.make()
      yield* Effect.gen(function* () {
        const { sample } = yield* Resources
        expect(yield* sample).toEqual({
          cpuPercent: null,
          isMeasuring: true,
          availableBytes: 3_000_000,
          totalBytes: 4_000_000
        })
        write("proc/stat", stat(110, 190))
        write("cgroup/cpu.stat", "usage_usec 750000\n")
        yield* clock.adjust(1000)
        expect(yield* sample).toMatchObject({ cpuPercent: 75, isMeasuring: false })
        write("cgroup/memory.max", "max\n")
        expect(yield* sample).toMatchObject({ totalBytes: 24_684_084 * 1024 })
      }).pipe(Effect.provide(layerResourcesOf(mounts)), Effect.provideService(Clock.Clock, clock))
    }).pipe(Effect.scoped, Effect.runPromise)
    rmSync(scratch, { recursive: true })
  })

  test("hold no task back where the kernel reports nothing", () =>
    Effect.gen(function* () {
      const { sample } = yield* Resources
      expect(yield* sample).toEqual({
        cpuPercent: null,
        isMeasuring: false,
        availableBytes: null,
        totalBytes: null
      })
    }).pipe(
      Effect.provide(layerResourcesOf({ proc: "/nowhere", cgroup: "/nowhere" })),
      Effect.runPromise
    ))

  test("are sampled in less than two milliseconds of CPU time", () =>
    Effect.gen(function* () {
      const { sample } = yield* Resources
      const samples = 200
      const before = process.cpuUsage()
      for (let n = 0; n < samples; n++) yield* sample
      const { user, system } = process.cpuUsage(before)
      expect((user + system) / 1000 / samples).toBeLessThan(2)
    }).pipe(Effect.provide(layerResources), Effect.runPromise))
})
