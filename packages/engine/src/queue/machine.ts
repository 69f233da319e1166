/**
 * CPU and memory of the whole machine: from /proc on Linux, from the counters of node:os and one
 * sysctl on macOS.
 */
import * as Result from "effect/Result"
import { dlopen, FFIType } from "bun:ffi"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { field, textOf } from "./cgroup.ts"

/** CPU time of all cores since boot: used and total, in a unit of the system. */
export interface MachineCpu {
  readonly used: number
  readonly total: number
}

/** Memory in bytes; `available` can be used without swapping. */
export interface MachineMemory {
  readonly totalBytes: number
  readonly availableBytes: number
}

/** The machine; null for what the system does not report. */
export interface Machine {
  readonly cpu: () => MachineCpu | null
  readonly memory: () => MachineMemory | null
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)

/** Parses /proc/stat. Time stolen by a hypervisor counts as used. Source: proc_stat(5). */
export const parseProcStat = (text: string): MachineCpu | null => {
  const ticks = /^cpu +([\d ]+)$/mu.exec(text)?.[1]?.trim().split(/ +/u).map(Number) ?? []
  if (ticks.length < 5) return null
  // The time of guests is already part of user and nice.
  const total = sum(ticks.slice(0, 8))
  return { used: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total }
}

/** Parses /proc/meminfo. Source: proc_meminfo(5). */
export const parseMeminfo = (text: string): MachineMemory | null => {
  const kibibytes = (key: string) => field(text.replaceAll(" kB", "").replaceAll(/: +/gu, " "), key)
  const [total, available] = [kibibytes("MemTotal"), kibibytes("MemAvailable")]
  return total === null || available === null
    ? null
    : { totalBytes: total * 1024, availableBytes: available * 1024 }
}

const linux = (proc: string): Machine => {
  const read =
    <A>(file: string, parse: (text: string) => A | null) =>
    (): A | null => {
      const text = textOf(join(proc, file))
      return text === null ? null : parse(text)
    }
  return { cpu: read("stat", parseProcStat), memory: read("meminfo", parseMeminfo) }
}

const countCpus = (): MachineCpu | null => {
  const times = cpus().map((cpu) => cpu.times)
  if (times.length === 0) return null
  const total = sum(times.map(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq))
  return { used: total - sum(times.map(({ idle }) => idle)), total }
}

/**
 * Builds a function that returns how much memory is free or can be freed at once, in percent, like
 * memory_pressure(1). os.freemem leaves out what can be freed, which is most of it on macOS. Null
 * if the system call fails.
 */
const openPressure = (): (() => number | null) => {
  const { symbols } = dlopen("libSystem.dylib", {
    sysctlbyname: {
      args: [FFIType.cstring, FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64],
      returns: FFIType.i32
    }
  })
  const name = Buffer.from("kern.memorystatus_level\0")
  const level = new Int32Array(1)
  return () => {
    const size = new BigUint64Array([4n])
    const failed = symbols.sysctlbyname(name, level, size, null, 0n) !== 0
    const percent = level[0] ?? -1
    return failed || percent < 0 || percent > 100 ? null : percent
  }
}

const macos = (): Machine => {
  const pressure = Result.try(openPressure)
  return {
    cpu: countCpus,
    memory: () => {
      const percent = Result.isSuccess(pressure) ? pressure.success() : null
      return percent === null
        ? null
        : { totalBytes: totalmem(), availableBytes: (totalmem() * percent) / 100 }
    }
  }
}

/** The machine of this process. */
export const openMachine = (proc: string): Machine =>
  process.platform === "linux" ? linux(proc) : macos()
