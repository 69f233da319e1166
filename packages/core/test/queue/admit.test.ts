import { describe, expect, test } from "bun:test"
import {
  type Admission,
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
const asked = (changes: Partial<Admission> = {}): Admission => ({
  waiting: 3,
  running: 2,
  startedAt: [],
  now,
  ...changes
})

/** Exactly so much memory above the reserve. */
const spare = (bytes: number): Resources => ({ ...idle, availableBytes: gibibyte + bytes })

/** How many are admitted into room for two when two have started so long ago. */
const admittedAfter = (ageMs: number) =>
  admit(spare(2 * agentBytes), limits, asked({ startedAt: [now - ageMs, now - ageMs] })).admitted

const reserveOf = (totalBytes: number | null, memoryReserve: number | null) => {
  const { held } = admit(
    { ...idle, availableBytes: 0, totalBytes },
    { ...limits, memoryReserve },
    asked()
  )
  return held?.because === "memory" ? held.reserveBytes : null
}

describe("a machine with room", () => {
  test("takes on all that wait, with nothing between them", () => {
    expect(admit(idle, limits, asked())).toEqual({ admitted: 3, held: null })
  })

  test("takes on none when none waits", () => {
    expect(admit(idle, limits, asked({ waiting: 0 }))).toEqual({ admitted: 0, held: null })
  })

  test("takes on all where nothing is known of it", () => {
    expect(admit(unknown, limits, asked({ waiting: 1000 }))).toEqual({ admitted: 1000, held: null })
  })
})

describe("a machine whose CPU is used", () => {
  test("takes on no other from the threshold on, and says so", () => {
    expect(admit({ ...idle, cpuPercent: 79.9 }, limits, asked())).toEqual({
      admitted: 3,
      held: null
    })
    const held = { because: "cpu", cpuPercent: 80, cpuThreshold: 80 } as const
    expect(admit({ ...idle, cpuPercent: 80 }, limits, asked())).toEqual({ admitted: 0, held })
  })

  test("takes on the first", () => {
    expect(admit({ ...idle, cpuPercent: 100 }, limits, asked({ running: 0 }))).toMatchObject({
      admitted: 1,
      held: { because: "cpu" }
    })
    expect(admit({ ...idle, cpuPercent: 100 }, limits, asked({ running: 0, waiting: 1 }))).toEqual({
      admitted: 1,
      held: null
    })
  })

  test("takes on all with a threshold of 100", () => {
    const none = { ...limits, cpuThreshold: 100 }
    expect(admit({ ...idle, cpuPercent: 100 }, none, asked())).toEqual({ admitted: 3, held: null })
    expect(admit({ ...idle, cpuPercent: null, isMeasuring: true }, none, asked())).toEqual({
      admitted: 3,
      held: null
    })
  })

  test("is waited for while its use is being measured", () => {
    const measuring = { ...unknown, isMeasuring: true }
    expect(admit(measuring, limits, asked())).toEqual({
      admitted: 0,
      held: { because: "measuring" }
    })
    expect(admit(measuring, limits, asked({ running: 0 }))).toEqual({
      admitted: 1,
      held: { because: "measuring" }
    })
  })
})

describe("a machine whose memory is used", () => {
  test("takes on as many as fit above the reserve", () => {
    expect(admit(spare(2 * agentBytes), limits, asked())).toEqual({
      admitted: 2,
      held: {
        because: "memory",
        availableBytes: gibibyte + 2 * agentBytes,
        expectedBytes: 0,
        nextBytes: agentBytes,
        reserveBytes: gibibyte
      }
    })
    expect(admit(spare(3 * agentBytes), limits, asked())).toEqual({ admitted: 3, held: null })
    expect(admit(spare(agentBytes - 1), limits, asked()).admitted).toBe(0)
  })

  test("takes on the first", () => {
    expect(admit({ ...idle, availableBytes: 0 }, limits, asked({ running: 0 })).admitted).toBe(1)
  })

  test("keeps room for what has just started: all of it at first, half at the half of the window, none at its end", () => {
    expect([0, 7500, 14_999, 15_000].map(admittedAfter)).toEqual([0, 1, 1, 2])
  })

  test("keeps no room for what starts in the future, as it seems after the clock was set back", () => {
    expect(admit(spare(3 * agentBytes), limits, asked({ startedAt: [now + 1] })).admitted).toBe(3)
  })

  test("expects nothing of those that start when the window is 0", () => {
    const without = { ...limits, settlingWindowMs: 0 }
    expect(admit(spare(0), without, asked({ startedAt: [now] }))).toEqual({
      admitted: 3,
      held: null
    })
    expect(admit(spare(-1), without, asked()).admitted).toBe(0)
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
const anyAdmission = fc.record<Admission>({
  waiting: fc.integer({ min: 0, max: 2000 }),
  running: fc.integer({ min: 0, max: 50 }),
  startedAt: fc.array(fc.integer({ min: now - 60_000, max: now + 1000 }), { maxLength: 50 }),
  now: fc.constant(now)
})
const always = (holds: (resources: Resources, limits: Limits, admission: Admission) => void) =>
  fc.assert(fc.property(anyResources, anyLimits, anyAdmission, holds))

describe("admission", () => {
  test("admits a whole number of those that wait, at least the first, and names what holds exactly when some are left", () =>
    always((resources, its, admission) => {
      const { admitted, held } = admit(resources, its, admission)
      expect(Number.isSafeInteger(admitted)).toBe(true)
      expect(admitted).toBeGreaterThanOrEqual(
        Math.min(admission.waiting, admission.running === 0 ? 1 : 0)
      )
      expect(admitted).toBeLessThanOrEqual(admission.waiting)
      expect(held === null).toBe(admitted === admission.waiting)
    }))

  test("leaves the reserve untouched, when each takes what is expected of it, but for the first", () =>
    always((resources, its, admission) => {
      const { admitted } = admit(resources, its, admission)
      if (resources.availableBytes === null || its.settlingWindowMs === 0 || admitted <= 1) return
      const reserve =
        its.memoryReserve ??
        Math.min(gibibyte, (resources.totalBytes ?? Number.POSITIVE_INFINITY) / 10)
      expect(resources.availableBytes - admitted * agentBytes).toBeGreaterThanOrEqual(reserve)
    }))

  test("never admits fewer for more room: less CPU use, more memory, an exit, or time that passes", () =>
    always((resources, its, admission) => {
      const { admitted } = admit(resources, its, admission)
      const started = admission.startedAt.filter((at) => at <= now)
      const rooms = [
        admit({ ...resources, cpuPercent: (resources.cpuPercent ?? 0) / 2 }, its, admission),
        admit(
          { ...resources, availableBytes: (resources.availableBytes ?? 0) * 2 + gibibyte * 64 },
          its,
          admission
        ),
        admit(resources, its, { ...admission, startedAt: admission.startedAt.slice(1) })
      ]
      if (resources.availableBytes !== null)
        for (const room of rooms) expect(room.admitted).toBeGreaterThanOrEqual(admitted)
      const settled = { ...admission, startedAt: started }
      const later = admit(resources, its, { ...settled, now: now + 1000 }).admitted
      expect(later).toBeGreaterThanOrEqual(admit(resources, its, settled).admitted)
    }))

  test("admits one after the other as many as at once", () =>
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
