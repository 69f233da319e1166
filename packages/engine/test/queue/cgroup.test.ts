import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { findGroups, type Mounts } from "../../src/queue/cgroup.ts"

let scratch = ""
let mounts: Mounts = { proc: "", cgroup: "" }
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "cgroup-"))
  mounts = { proc: join(scratch, "proc"), cgroup: join(scratch, "cgroup") }
})
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true })
})

/** Writes files as the kernel shows them, by their path below the scratch folder. */
const show = (files: Readonly<Record<string, string>>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true })
    writeFileSync(join(scratch, path), content)
  }
}

/** A version 2 hierarchy in which this process is in a group. */
const showV2 = (group: string, files: Readonly<Record<string, string>> = {}): void =>
  show({
    "cgroup/cgroup.controllers": "cpu memory\n",
    "proc/self/cgroup": `0::${group}\n`,
    ...Object.fromEntries(
      Object.entries(files).map(([path, content]) => [`cgroup${path}`, content])
    )
  })

const cpuFiles = (dir: string, max: string, usedMicros = 5_000_000) => ({
  [`${dir}/cpu.max`]: `${max}\n`,
  [`${dir}/cpu.stat`]: `usage_usec ${usedMicros}\nuser_usec 1\n`
})
const memoryFiles = (dir: string, max: string, current = 600, inactive = 200) => ({
  [`${dir}/memory.max`]: `${max}\n`,
  [`${dir}/memory.current`]: `${current}\n`,
  [`${dir}/memory.stat`]: `anon 100\ninactive_file ${inactive}\nactive_file 7\n`
})

describe("control groups of version 2", () => {
  test("give the limits of the own group, and its memory that is free or reclaimable", () => {
    showV2("/user/job", {
      ...cpuFiles("/user/job", "150000 100000"),
      ...memoryFiles("/user/job", "1000")
    })
    const groups = findGroups(mounts)
    expect(groups.cpu()).toEqual({
      dir: join(mounts.cgroup, "user/job"),
      usedMicros: 5_000_000,
      cores: 1.5
    })
    expect(groups.memory()).toEqual({ limitBytes: 1000, availableBytes: 600 })
  })

  test("give the limits of the nearest ancestor that sets one", () => {
    showV2("/a/b/c", {
      ...cpuFiles("/a/b/c", "max 100000"),
      ...memoryFiles("/a/b/c", "max"),
      ...memoryFiles("/a/b", "2000", 500, 0),
      ...memoryFiles("/a", "3000"),
      ...cpuFiles("/a/b", "max 100000"),
      ...cpuFiles("/a", "400000 100000", 7)
    })
    const groups = findGroups(mounts)
    expect(groups.cpu()).toMatchObject({ cores: 4, usedMicros: 7 })
    expect(groups.memory()).toEqual({ limitBytes: 2000, availableBytes: 1500 })
  })

  test("give the root's limits in a container, whether it sees its own path or not", () => {
    for (const group of ["/", "/docker/0123", "/../../elsewhere"]) {
      showV2(group, { ...cpuFiles("/", "200000 100000"), ...memoryFiles("/", "1000") })
      const groups = findGroups(mounts)
      expect([group, groups.cpu()?.cores, groups.memory()?.limitBytes]).toEqual([group, 2, 1000])
    }
  })

  test("show a changed limit, and never negative memory", () => {
    showV2("/job", { ...cpuFiles("/job", "100000 100000"), ...memoryFiles("/job", "1000") })
    const groups = findGroups(mounts)
    showV2("/job", { ...cpuFiles("/job", "50000 100000"), ...memoryFiles("/job", "100") })
    expect(groups.cpu()).toMatchObject({ cores: 0.5 })
    expect(groups.memory()).toEqual({ limitBytes: 100, availableBytes: 0 })
  })

  test("give null without limits", () => {
    showV2("/a/b", { ...cpuFiles("/a/b", "max 100000"), ...memoryFiles("/a/b", "max") })
    const groups = findGroups(mounts)
    expect([groups.cpu(), groups.memory()]).toEqual([null, null])
  })
})

describe("control groups of version 1", () => {
  const own = "4:memory:/jobs/one\n2:cpuacct,cpu:/jobs/two\n1:name=systemd:/\n"
  const none = "9223372036854771712\n"

  test("give the limits of the nearest groups of each controller", () => {
    show({
      "proc/self/cgroup": own,
      "cgroup/memory/jobs/one/memory.limit_in_bytes": none,
      "cgroup/memory/jobs/memory.limit_in_bytes": "1000\n",
      "cgroup/memory/jobs/memory.usage_in_bytes": "600\n",
      "cgroup/memory/jobs/memory.stat": "inactive_file 1\ntotal_inactive_file 100\n",
      "cgroup/cpu/jobs/two/cpu.cfs_quota_us": "50000\n",
      "cgroup/cpu/jobs/two/cpu.cfs_period_us": "100000\n",
      "cgroup/cpuacct/jobs/two/cpuacct.usage": "3000000\n"
    })
    const groups = findGroups(mounts)
    expect(groups.cpu()).toMatchObject({ cores: 0.5, usedMicros: 3000 })
    expect(groups.memory()).toEqual({ limitBytes: 1000, availableBytes: 500 })
  })

  test("give null without limits", () => {
    show({
      "proc/self/cgroup": own,
      "cgroup/memory/jobs/one/memory.limit_in_bytes": none,
      "cgroup/cpu/jobs/two/cpu.cfs_quota_us": "-1\n",
      "cgroup/cpu/jobs/two/cpu.cfs_period_us": "100000\n"
    })
    const groups = findGroups(mounts)
    expect([groups.cpu(), groups.memory()]).toEqual([null, null])
  })
})

test("there are no limits without control groups", () => {
  const groups = findGroups(mounts)
  expect([groups.cpu(), groups.memory()]).toEqual([null, null])
})
