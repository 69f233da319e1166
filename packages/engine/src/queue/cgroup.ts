/**
 * The limits that Linux control groups (versions 1 and 2) set for this process and its children.
 * The nearest group with a limit counts. Source: Documentation/admin-guide/cgroup-v2.rst and
 * cgroup-v1/ of the kernel.
 */
import { readProcFile } from "../process/ProcessTable.ts"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

/** The mount points of the kernel's files. */
export interface Mounts {
  readonly proc: string
  readonly cgroup: string
}

/**
 * The CPU time that a group has used (microseconds since its creation), and how many cores it may
 * use.
 */
export interface GroupCpu {
  readonly dir: string
  readonly usedMicros: number
  readonly cores: number
}

/** A group's memory: its limit, and how much of it is free or can be reclaimed at once. */
export interface GroupMemory {
  readonly limitBytes: number
  readonly availableBytes: number
}

/** The groups with limits; null if no group has one. */
export interface Groups {
  readonly cpu: () => GroupCpu | null
  readonly memory: () => GroupMemory | null
}

/** The text of a file, or null. */
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

/** Version 1 shows the highest page count if there is no limit. */
const noLimitBytes = 2 ** 62

/** The group of this process, for a controller of version 1, or (null) for version 2. */
const ownGroup = (mounts: Mounts, controller: string | null): string => {
  for (const line of textOf(join(mounts.proc, "self", "cgroup"))?.split("\n") ?? []) {
    const [number, controllers = "", ...path] = line.split(":")
    if (controller === null ? number !== "0" : !controllers.split(",").includes(controller))
      continue
    const group = path.join(":")
    // A group that this container cannot see is shown with dots.
    return group.includes("..") ? "/" : group
  }
  return "/"
}

/**
 * The nearest of the group and its ancestors that satisfies a predicate. A container may not see
 * its own group, but sees the root as its own.
 */
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

/**
 * Finds the nearest groups with limits. Does not repeat the search, because a process is seldom
 * moved.
 */
export const findGroups = (mounts: Mounts): Groups =>
  existsSync(join(mounts.cgroup, "cgroup.controllers")) ? findV2(mounts) : findV1(mounts)
