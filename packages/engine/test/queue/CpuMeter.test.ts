import { describe, expect, test } from "bun:test"
import { type CpuReading, makeCpuMeter } from "../../src/queue/CpuMeter.ts"

/**
 * A machine of one core with its own clock: `pass` advances it at a CPU use in percent, `at` is
 * now.
 */
class Machine {
  at = 0
  used = 0
  looks = 0
  readonly read = (): CpuReading => {
    this.looks++
    return { machine: { used: this.used, total: this.at }, group: null }
  }
  pass(ms: number, percent: number): number {
    this.at += ms
    this.used += (ms * percent) / 100
    return this.at
  }
}

const measured = () => {
  const machine = new Machine()
  return { machine, use: makeCpuMeter(machine.read, 0) }
}

describe("CPU use", () => {
  test("is measured from the start, and known after a tenth of a second", () => {
    const { machine, use } = measured()
    expect(use(machine.pass(99, 50))).toEqual({ percent: null, isMeasuring: true })
    expect(use(machine.pass(1, 50))).toMatchObject({ isMeasuring: false })
    expect(use(machine.at).percent).toBeCloseTo(50, 6)
  })

  test("follows what happens over about a second", () => {
    const { machine, use } = measured()
    use(machine.pass(1000, 0))
    for (let n = 0; n < 10; n++) use(machine.pass(100, 100))
    expect(use(machine.at).percent).toBeCloseTo(100 * (1 - 1 / Math.E), 6)
    const other = measured()
    other.use(other.machine.pass(1000, 0))
    // The same time in one step gives the same result.
    expect(other.use(other.machine.pass(1000, 100)).percent).toBeCloseTo(100 * (1 - 1 / Math.E), 6)
  })

  test("does not jump at a short peak", () => {
    const { machine, use } = measured()
    use(machine.pass(1000, 10))
    expect(use(machine.pass(100, 100)).percent).toBeLessThan(20)
  })

  test("is not read twice within a tenth of a second", () => {
    const { machine, use } = measured()
    const known = use(machine.pass(100, 30))
    const { looks } = machine
    expect(use(machine.pass(99, 100))).toEqual(known)
    expect(machine.looks).toBe(looks)
  })

  test("is measured again when the last reading is old, instead of averaging over that time", () => {
    const { machine, use } = measured()
    use(machine.pass(1000, 0))
    machine.pass(3_600_000, 0)
    expect(use(machine.pass(10, 100))).toEqual({ percent: null, isMeasuring: true })
    expect(use(machine.pass(100, 100)).percent).toBeCloseTo(100, 6)
  })

  test("is null and not measured when the system has no counters", () => {
    const use = makeCpuMeter(() => ({ machine: null, group: null }), 0)
    for (const at of [0, 100, 100_000])
      expect(use(at)).toEqual({ percent: null, isMeasuring: false })
  })

  test("is null when the counters do not grow", () => {
    const use = makeCpuMeter(() => ({ machine: { used: 5, total: 9 }, group: null }), 0)
    expect(use(200)).toEqual({ percent: null, isMeasuring: false })
  })
})

const group = (usedMicros: number, cores: number, dir = "/job") => ({ dir, usedMicros, cores })
const useOf = (...readings: ReadonlyArray<CpuReading>) => {
  const left = [...readings]
  return makeCpuMeter(() => left.shift() ?? { machine: null, group: null }, 0)(1000).percent
}
const machine = (used: number, total: number) => ({ used, total })

describe("CPU use in a control group", () => {
  test("is the share of the group's limit", () => {
    expect(
      useOf({ machine: null, group: group(0, 2) }, { machine: null, group: group(500_000, 2) })
    ).toBeCloseTo(25, 6)
  })

  test("is the machine's or the group's, whichever is tighter", () => {
    expect(
      useOf(
        { machine: machine(0, 0), group: group(0, 1) },
        { machine: machine(10, 100), group: group(900_000, 1) }
      )
    ).toBeCloseTo(90, 6)
    expect(
      useOf(
        { machine: machine(0, 0), group: group(0, 1) },
        { machine: machine(70, 100), group: group(100_000, 1) }
      )
    ).toBeCloseTo(70, 6)
  })

  test("is never above 100", () => {
    expect(
      useOf({ machine: null, group: group(0, 1) }, { machine: null, group: group(1_200_000, 1) })
    ).toBe(100)
  })

  test("is the machine's when the group has changed", () => {
    expect(
      useOf(
        { machine: machine(0, 0), group: group(0, 1) },
        { machine: machine(10, 100), group: group(900_000, 1, "/other") }
      )
    ).toBeCloseTo(10, 6)
  })
})
