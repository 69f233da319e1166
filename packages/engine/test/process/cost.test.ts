/** What a short attempt costs the system: counts do not depend on the mood of the machine. */
import { describe, expect, test } from "bun:test"
import * as node from "node:fs"
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { watchOutputLater } from "../../src/output/Growth.ts"
import { shimText } from "../../src/process/shim.ts"
import { shimCall } from "../../src/process/shimCall.ts"
import { replaceFiles } from "../../src/system/files.ts"
import { AttemptRig, pidOf } from "./AttemptRig.ts"

/** How many read calls a process has made. */
const readsOf = (pid: number): number =>
  Number(/^syscr: (\d+)$/mu.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1])

/** The file calls that the engine makes while something is done, by their names. */
const fileCallsOf = async (act: () => Promise<unknown>): Promise<ReadonlyArray<string>> => {
  const made: Array<string> = []
  const counting = new Proxy(
    { ...node },
    {
      get: (calls, name) => {
        const call: unknown = Reflect.get(calls, name)
        if (typeof call !== "function") return call
        return (...args: ReadonlyArray<unknown>): unknown => {
          made.push(String(name))
          return Reflect.apply(call, undefined, args)
        }
      }
    }
  )
  replaceFiles(counting)
  try {
    await act()
  } finally {
    replaceFiles(null)
  }
  return made
}

const isDash = realpathSync("/bin/sh").endsWith("/dash")

describe("a short attempt", () => {
  test("costs five inodes, and one more for its script", async () => {
    await using rig = new AttemptRig()
    const command = rig.open({ argv: ["/bin/echo", "hello"] })
    const script = rig.open({ script: "echo hello; kill -s TERM $$" })
    await Promise.all([command.ended, script.ended])
    const files = ["alive", "claim", "stderr.log", "stdout.log"]
    expect(readdirSync(command.dir).toSorted()).toEqual(files)
    expect(readdirSync(script.dir).toSorted()).toEqual([...files, "script"].toSorted())
  })

  test.if(existsSync("/proc/self/io"))(
    "has a shim that makes no more reads than its shell needs to begin",
    async () => {
      await using rig = new AttemptRig()
      rig.fifo("gate")
      const shell = Bun.spawn({
        cmd: ["/bin/sh", "-c", "echo up >$STEPS; read go <$GATE; :"],
        env: rig.envOf(rig.tree()),
        stdio: ["ignore", "ignore", "inherit"]
      })
      await rig.step()
      const least = readsOf(shell.pid)
      rig.pass("gate")
      await shell.exited
      const attempt = rig.sh("echo up >$STEPS; read go <$GATE")
      await rig.step()
      expect(readsOf(pidOf(attempt))).toBeLessThanOrEqual(least)
      rig.pass("gate")
      await attempt.ended
    }
  )

  test("costs the engine 22 file calls from its spawn to its end", async () => {
    await using rig = new AttemptRig()
    const run = () => rig.open({ argv: ["/bin/true"] }).ended
    // The program is known from then on.
    await run()
    const made = await fileCallsOf(async () => {
      const attempt = rig.open({ argv: ["/bin/true"] })
      const watching = watchOutputLater(attempt.dir, { boundBytes: 1024, onGrowth: () => {} })
      await attempt.ended
      watching.close()
    })
    expect(made.length).toBeLessThanOrEqual(22)
  })

  test.if(isDash && Bun.which("strace") !== null)(
    "has a shim of at most 100 system calls under dash, those that load it included",
    async () => {
      await using rig = new AttemptRig()
      const { dir, mark } = rig.tree()
      mkdirSync(dir)
      const calls = join(rig.root, "calls")
      const { cmd, env } = shimCall({
        dir,
        umask: 0o22,
        argv: ["/bin/true"],
        env: rig.envOf({ dir, mark }),
        isOpen: false
      })
      const shim = Bun.spawn({
        cmd: ["strace", "-o", calls, ...cmd],
        env,
        stdio: ["ignore", "ignore", "ignore", "ignore", "ignore"]
      })
      expect(await shim.exited).toBe(0)
      expect(readFileSync(calls, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(100)
    }
  )

  test("has a shim that looks nothing up, and reads only to hold a stdin open", () => {
    expect(shimText(false)).not.toMatch(/\bread\b|\/proc|\$\(/u)
    expect(shimText(true).match(/\bread\b/gu)).toBeArrayOfSize(1)
  })
})
