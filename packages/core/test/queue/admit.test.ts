import { describe, expect, test } from "bun:test"
import {
  type AdmissionRequest,
  admit,
  agentBytes,
  type Limits,
  type Resources
} from "@backbeat/core/queue/admit"
import * as fc from "fast-check"

const gibibyte = 1_073_741_824
const idle: Resources = {
  cpuPercent: 5,
  isMeasuring: false,
  availableBytes: 12 * gibibyte,
  totalBytes: 16 * gibibyte
}
const unknown: Resources = {
  cpuPercent: null,
  isMeasuring: false,
  availableBytes: null,
  totalBytes: null
}
const limits: Limits = { cpuThreshold: 80, memoryReserve: null, settlingWindowMs: 15_000 }
const now = 1_790_000_000_000
const request = (changes: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  waiting: 3,
  running: 2,
  startedAt: [],
  now,
  ...changes
})

/** Exactly this much memory above the reserve. */
const spare = (bytes: number): Resources => ({ ...idle, availableBytes: gibibyte + bytes })

/** How many are admitted into space for two, when two others started this long ago. */
const admittedAfter = (ageMs: number) =>
  admit(spare(2 * agentBytes), limits, request({ startedAt: [now - ageMs, now - ageMs] })).admitted

const reserveOf = (totalBytes: number | null, memoryReserve: number | null) => {
  const { limitedBy } = admit(
    { ...idle, availableBytes: 0, totalBytes },
    { ...limits, memoryReserve },
    request()
  )
  return limitedBy?.because === "memory" ? limitedBy.reserveBytes : null
}

describe("an idle machine", () => {
  test("admits all waiting tasks at once", () => {
    expect(admit(idle, limits, request())).toEqual({ admitted: 3, limitedBy: null })
  })

  test("admits nothing when no task waits", () => {
    expect(admit(idle, limits, request({ waiting: 0 }))).toEqual({ admitted: 0, limitedBy: null })
  })

  test("admits all tasks when its resources are unknown", () => {
    expect(admit(unknown, limits, request({ waiting: 1000 }))).toEqual({
      admitted: 1000,
      limitedBy: null
    })
  })
})

describe("a machine with high CPU use", () => {
  test("admits nothing from the threshold on, and reports that limit", () => {
    expect(admit({ ...idle, cpuPercent: 79.9 }, limits, request())).toEqual({
      admitted: 3,
      limitedBy: null
    })
    const limitedBy = { because: "cpu", cpuPercent: 80, cpuThreshold: 80 } as const
    expect(admit({ ...idle, cpuPercent: 80 }, limits, request())).toEqual({
      admitted: 0,
      limitedBy
    })
  })

  test("admits the first task", () => {
    expect(admit({ ...idle, cpuPercent: 100 }, limits, request({ running: 0 }))).toMatchObject({
      admitted: 1,
      limitedBy: { because: "cpu" }
    })
    expect(
      admit({ ...idle, cpuPercent: 100 }, limits, request({ running: 0, waiting: 1 }))
    ).toEqual({
      admitted: 1,
      limitedBy: null
    })
  })

  test("admits all tasks with a threshold of 100", () => {
    const none = { ...limits, cpuThreshold: 100 }
    expect(admit({ ...idle, cpuPercent: 100 }, none, request())).toEqual({
      admitted: 3,
      limitedBy: null
    })
    expect(admit({ ...idle, cpuPercent: null, isMeasuring: true }, none, request())).toEqual({
      admitted: 3,
      limitedBy: null
    })
  })

  test("admits nothing but the first task while CPU use is being measured", () => {
    const measuring = { ...unknown, isMeasuring: true }
    expect(admit(measuring, limits, request())).toEqual({
      admitted: 0,
      limitedBy: { because: "measuring" }
    })
    expect(admit(measuring, limits, request({ running: 0 }))).toEqual({
      admitted: 1,
      limitedBy: { because: "measuring" }
    })
  })
})

describe("a machine with little free memory", () => {
  test("admits as many tasks as fit above the reserve", () => {
    expect(admit(spare(2 * agentBytes), limits, request())).toEqual({
      admitted: 2,
      limitedBy: {
        because: "memory",
        availableBytes: gibibyte + 2 * agentBytes,
        expectedBytes: 0,
        nextBytes: agentBytes,
        reserveBytes: gibibyte
      }
    })
    expect(admit(spare(3 * agentBytes), limits, request())).toEqual({
      admitted: 3,
      limitedBy: null
    })
    expect(admit(spare(agentBytes - 1), limits, request()).admitted).toBe(0)
  })

  test("admits the first task", () => {
    expect(admit({ ...idle, availableBytes: 0 }, limits, request({ running: 0 })).admitted).toBe(1)
  })

  test("keeps memory free for recently started tasks: all at first, half at half of the window, none at its end", () => {
    expect([0, 7500, 14_999, 15_000].map(admittedAfter)).toEqual([0, 1, 1, 2])
  })

  test("keeps no memory free for a start that lies in the future, because the clock was set back", () => {
    expect(admit(spare(3 * agentBytes), limits, request({ startedAt: [now + 1] })).admitted).toBe(3)
  })

  test("expects no additional memory use when the window is 0", () => {
    const without = { ...limits, settlingWindowMs: 0 }
    expect(admit(spare(0), without, request({ startedAt: [now] }))).toEqual({
      admitted: 3,
      limitedBy: null
    })
    expect(admit(spare(-1), without, request()).admitted).toBe(0)
  })

  test("keeps the lower of 1 GiB and a tenth of the memory, unless another reserve is configured", () => {
    expect(reserveOf(16 * gibibyte, null)).toBe(gibibyte)
    expect(reserveOf(4_000_000_000, null)).toBe(400_000_000)
    expect(reserveOf(null, null)).toBe(gibibyte)
    expect(reserveOf(4_000_000_000, 5)).toBe(5)
  })
})

const bytes = fc.integer({ min: 0, max: 64 * gibibyte })
const anyResources = fc.record<Resources>({
  cpuPercent: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
  isMeasuring: fc.boolean(),
  availableBytes: fc.option(bytes),
  totalBytes: fc.option(bytes)
})
const anyLimits = fc.record<Limits>({
  cpuThreshold: fc.integer({ min: 1, max: 100 }),
  memoryReserve: fc.option(bytes),
  settlingWindowMs: fc.integer({ min: 0, max: 60_000 })
})
const anyAdmission = fc.record<AdmissionRequest>({
  waiting: fc.integer({ min: 0, max: 2000 }),
  running: fc.integer({ min: 0, max: 50 }),
  startedAt: fc.array(fc.integer({ min: now - 60_000, max: now + 1000 }), { maxLength: 50 }),
  now: fc.constant(now)
})
const always = (
  holds: (resources: Resources, limits: Limits, admission: AdmissionRequest) => void
) => fc.assert(fc.property(anyResources, anyLimits, anyAdmission, holds))

describe("admission", () => {
  test("admits a whole number of tasks, at least the first, and names a limit exactly when some are left", () =>
    always((resources, its, admission) => {
      const { admitted, limitedBy } = admit(resources, its, admission)
      expect(Number.isSafeInteger(admitted)).toBe(true)
      expect(admitted).toBeGreaterThanOrEqual(
        Math.min(admission.waiting, admission.running === 0 ? 1 : 0)
      )
      expect(admitted).toBeLessThanOrEqual(admission.waiting)
      expect(limitedBy === null).toBe(admitted === admission.waiting)
    }))

  test("leaves the reserve free if each task after the first takes the expected memory", () =>
    always((resources, its, admission) => {
      const { admitted } = admit(resources, its, admission)
      if (resources.availableBytes === null || its.settlingWindowMs === 0 || admitted <= 1) return
      const reserve =
        its.memoryReserve ??
        Math.min(gibibyte, (resources.totalBytes ?? Number.POSITIVE_INFINITY) / 10)
      expect(resources.availableBytes - admitted * agentBytes).toBeGreaterThanOrEqual(reserve)
    }))

  test("never admits fewer tasks with less CPU use, more memory, an exit, or later", () =>
    always((resources, its, admission) => {
      const { admitted } = admit(resources, its, admission)
      const started = admission.startedAt.filter((at) => at <= now)
      const easier = [
        admit({ ...resources, cpuPercent: (resources.cpuPercent ?? 0) / 2 }, its, admission),
        admit(
          { ...resources, availableBytes: (resources.availableBytes ?? 0) * 2 + gibibyte * 64 },
          its,
          admission
        ),
        admit(resources, its, { ...admission, startedAt: admission.startedAt.slice(1) })
      ]
      if (resources.availableBytes !== null)
        for (const result of easier) expect(result.admitted).toBeGreaterThanOrEqual(admitted)
      const settled = { ...admission, startedAt: started }
      const later = admit(resources, its, { ...settled, now: now + 1000 }).admitted
      expect(later).toBeGreaterThanOrEqual(admit(resources, its, settled).admitted)
    }))

  test("admits as many tasks one by one as at once", () =>
    always((resources, its, admission) => {
      const atOnce = admit(resources, its, admission).admitted
      let { waiting, running, startedAt } = admission
      while (admit(resources, its, { waiting, running, startedAt, now }).admitted > 0) {
        waiting--
        running++
        startedAt = [...startedAt, now]
      }
      expect(admission.waiting - waiting).toBe(atOnce)
    }))
})
