/**
 * The limits that Linux control groups set to this process and all that it starts: version 2, and version 1 where it is mounted.
 * The nearest group with a limit counts. Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel.
 */
import { readProcFile } from "../process/ProcessTable.ts"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

/** Where the kernel's files are. */
export interface Mounts {
  readonly proc: string
  readonly cgroup: string
}

/** CPU time that a group has used, in microseconds since it was made, and of how many cores it may use. */
export interface GroupCpu {
  readonly dir: string
  readonly usedMicros: number
  readonly cores: number
}

/** A group's memory: its limit, and what of it is not in use or can be taken back at once. */
export interface GroupMemory {
  readonly limitBytes: number
  readonly availableBytes: number
}

/** The groups with limits; null where there is none. */
export interface Groups {
  readonly cpu: () => GroupCpu | null
  readonly memory: () => GroupMemory | null
}

/** What a file holds, or null. */
export const textOf = (path: string): string | null =>
  readProcFile(path)?.toString("latin1") ?? null

const finite = (text: string | null | undefined): number | null => {
  const value =
    text === null || text === undefined || text.trim() === "" ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}

/** The value of a line `<key> <value>`. */
export const field = (text: string | null, key: string): number | null =>
  finite(
    text
      ?.split("\n")
      .find((line) => line.startsWith(`${key} `))
      ?.slice(key.length)
  )

/** Without a limit version 1 shows the highest number of pages. */
const noLimitBytes = 2 ** 62

/** The group in which this process is, for a controller of version 1 or, without one, for version 2. */
const ownGroup = (mounts: Mounts, controller: string | null): string => {
  for (const line of textOf(join(mounts.proc, "self", "cgroup"))?.split("\n") ?? []) {
    const [number, controllers = "", ...path] = line.split(":")
    if (controller === null ? number !== "0" : !controllers.split(",").includes(controller))
      continue
    const group = path.join(":")
    // A group outside of what this container sees is shown with dots.
    return group.includes("..") ? "/" : group
  }
  return "/"
}

/** The first of the group and those around it of which something holds. A container may not see its own group, but sees the root as its own. */
const nearest = (root: string, group: string, holds: (dir: string) => boolean): string | null => {
  for (let at = group; ; at = dirname(at)) {
    const dir = join(root, at)
    if (holds(dir)) return dir
    if (at === "/" || at === ".") return null
  }
}

const quotaV2 = (dir: string): number | null => {
  const [quota, period] = (textOf(join(dir, "cpu.max")) ?? "").split(" ").map(finite)
  return typeof quota === "number" && typeof period === "number" && period > 0
    ? quota / period
    : null
}

const limitOf = (file: string): number | null => {
  const limit = finite(textOf(file))
  return limit === null || limit >= noLimitBytes ? null : limit
}

const memoryOf = (
  limitBytes: number | null,
  usage: string | null,
  inactive: number | null
): GroupMemory | null => {
  const usedBytes = finite(usage)
  if (limitBytes === null || usedBytes === null) return null
  return { limitBytes, availableBytes: Math.max(0, limitBytes - (usedBytes - (inactive ?? 0))) }
}

const findV2 = (mounts: Mounts): Groups => {
  const group = ownGroup(mounts, null)
  const cpu = nearest(mounts.cgroup, group, (dir) => quotaV2(dir) !== null)
  const memory = nearest(mounts.cgroup, group, (dir) => limitOf(join(dir, "memory.max")) !== null)
  return {
    cpu: () => {
      const cores = cpu === null ? null : quotaV2(cpu)
      const usedMicros = cpu === null ? null : field(textOf(join(cpu, "cpu.stat")), "usage_usec")
      return cpu === null || cores === null || usedMicros === null
        ? null
        : { dir: cpu, usedMicros, cores }
    },
    memory: () =>
      memory === null
        ? null
        : memoryOf(
            limitOf(join(memory, "memory.max")),
            textOf(join(memory, "memory.current")),
            field(textOf(join(memory, "memory.stat")), "inactive_file")
          )
  }
}

const quotaV1 = (dir: string): number | null => {
  const quota = finite(textOf(join(dir, "cpu.cfs_quota_us")))
  const period = finite(textOf(join(dir, "cpu.cfs_period_us")))
  return quota === null || period === null || quota <= 0 || period <= 0 ? null : quota / period
}

const findV1 = (mounts: Mounts): Groups => {
  const [cpuRoot, accountRoot, memoryRoot] = [
    join(mounts.cgroup, "cpu"),
    join(mounts.cgroup, "cpuacct"),
    join(mounts.cgroup, "memory")
  ]
  const cpu = nearest(cpuRoot, ownGroup(mounts, "cpu"), (dir) => quotaV1(dir) !== null)
  const memory = nearest(
    memoryRoot,
    ownGroup(mounts, "memory"),
    (dir) => limitOf(join(dir, "memory.limit_in_bytes")) !== null
  )
  return {
    cpu: () => {
      if (cpu === null) return null
      const cores = quotaV1(cpu)
      const usedNanos = finite(
        textOf(join(accountRoot, cpu.slice(cpuRoot.length), "cpuacct.usage"))
      )
      return cores === null || usedNanos === null
        ? null
        : { dir: cpu, usedMicros: usedNanos / 1000, cores }
    },
    memory: () =>
      memory === null
        ? null
        : memoryOf(
            limitOf(join(memory, "memory.limit_in_bytes")),
            textOf(join(memory, "memory.usage_in_bytes")),
            field(textOf(join(memory, "memory.stat")), "total_inactive_file")
          )
  }
}

/** Finds the nearest groups with limits. Which these are is not looked up again: a process seldom moves. */
export const findGroups = (mounts: Mounts): Groups =>
  existsSync(join(mounts.cgroup, "cgroup.controllers")) ? findV2(mounts) : findV1(mounts)
