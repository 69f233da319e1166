/**
 * CPU use, from counters that only grow, smoothed over about a second. It reads them only when it
 * is asked.
 */
import type { GroupCpu } from "./cgroup.ts"
import type { MachineCpu } from "./machine.ts"

/** The counters at one instant. */
export interface CpuReading {
  readonly machine: MachineCpu | null
  readonly group: GroupCpu | null
}

/** The use, 0 to 100; null while it is being measured, and if the system has no counters. */
export interface CpuUse {
  readonly percent: number | null
  readonly isMeasuring: boolean
}

/**
 * The shortest interval (ms) over which a use is measured: Linux counts in hundredths of a second.
 */
export const shortestMs = 100

/** The time constant of the smoothing. */
const smoothMs = 1000

/**
 * After so long the earlier reading says nothing about now. A new short interval is measured
 * instead.
 */
const staleMs = 3 * smoothMs

const percentOf = (used: number, of: number): number | null =>
  of > 0 ? Math.min(100, Math.max(0, (100 * used) / of)) : null

/** The use between two readings: of the machine or of the group's share of it, whichever is tighter. */
const useBetween = (before: CpuReading, after: CpuReading, elapsedMs: number): number | null => {
  const [one, two] = [before.machine, after.machine]
  const machine =
    one === null || two === null ? null : percentOf(two.used - one.used, two.total - one.total)
  const [from, to] = [before.group, after.group]
  const group =
    from === null || to === null || from.dir !== to.dir
      ? null
      : percentOf(to.usedMicros - from.usedMicros, to.cores * elapsedMs * 1000)
  return machine === null || group === null ? (machine ?? group) : Math.max(machine, group)
}

/**
 * Starts to measure at an instant (monotonic ms). The returned function returns the use at a later
 * instant.
 */
export const makeCpuMeter = (
  read: () => CpuReading,
  begunAt: number
): ((now: number) => CpuUse) => {
  let last = { at: begunAt, reading: read() }
  let use: CpuUse = {
    percent: null,
    isMeasuring: last.reading.machine !== null || last.reading.group !== null
  }
  return (now) => {
    const elapsedMs = now - last.at
    if (elapsedMs < shortestMs) return use
    const before = last.reading
    last = { at: now, reading: read() }
    if (elapsedMs > staleMs) {
      use = {
        percent: null,
        isMeasuring: last.reading.machine !== null || last.reading.group !== null
      }
      return use
    }
    const percent = useBetween(before, last.reading, elapsedMs)
    const weight = 1 - Math.exp(-elapsedMs / smoothMs)
    const smoothed =
      percent === null || use.percent === null
        ? percent
        : use.percent + weight * (percent - use.percent)
    use = { percent: smoothed, isMeasuring: false }
    return use
  }
}
