import { describe, expect, test } from "bun:test"
import { identify, isAlive } from "../../src/process/Identity.ts"
import { parsePs, parseStat, readProcess } from "../../src/process/ProcessTable.ts"
import { signalProcess } from "../../src/process/posix.ts"
import { AttemptRig, pidOf } from "./AttemptRig.ts"

const stat = (name: string, state: string, threads: number) =>
  `77 (${name}) ${state} 1 70 60 0 -1 4194304 66 0 1 0 0 0 0 0 20 0 ${threads} 0 220747 2654208 401`

describe("a line of the process table", () => {
  test("is read whatever the name of the process", () => {
    for (const name of ["sh", "a b", ") Z 1 (", "((", ""]) {
      expect(parseStat(stat(name, "S", 1))).toEqual({
        pid: 77,
        ppid: 1,
        pgid: 70,
        startTime: "220747"
      })
    }
  })

  test("is no process for a zombie, but is one while other threads run", () => {
    expect(parseStat(stat("sh", "Z", 1))).toBeNull()
    expect(parseStat(stat("sh", "X", 0))).toBeNull()
    expect(parseStat(stat("sh", "Z", 3))).not.toBeNull()
    expect(parseStat("77 (sh) S 1 70")).toBeNull()
  })

  test("is read from ps as well", () => {
    expect(parsePs("  77     1    70 Ss   Fri Nov 21 06:12:01 2026    ")).toEqual({
      pid: 77,
      ppid: 1,
      pgid: 70,
      startTime: "Fri Nov 21 06:12:01 2026"
    })
    expect(parsePs("  77     1    70 Z+   Fri Nov 21 06:12:01 2026")).toBeNull()
    expect(parsePs("")).toBeNull()
  })
})

describe("the identity of a process", () => {
  test("is alive as itself only", async () => {
    const self = identify(process.pid)
    if (self === null) throw new Error("not alive")
    expect(isAlive(self)).toBe(true)
    expect(isAlive({ ...self, startTime: "1" })).toBe(false)
    expect(isAlive({ ...self, bootId: "another" })).toBe(false)
  })

  test("does not survive as a zombie", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    // The parent execs a program that never waits for its child.
    const attempt = rig.sh(
      "(echo $(exec sh -c 'echo $PPID') >$STEPS; read go <$GATE) & exec sleep 1000"
    )
    const child = Number(await rig.step())
    const identity = identify(child)
    if (identity === null) throw new Error("not alive")
    rig.pass("gate")
    while (readProcess(child) !== null) await new Promise(setImmediate)
    expect(isAlive(identity)).toBe(false)
    expect(signalProcess(child, "SIGCONT")).toBe(true)
    expect(pidOf(attempt)).toBeGreaterThan(1)
  })
})
