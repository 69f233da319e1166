/** What a short attempt costs the system: counts do not depend on the mood of the machine. */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { shimText } from "../../src/process/shim.ts"
import { AttemptRig, pidOf } from "./AttemptRig.ts"

/** How many read calls a process has made. */
const readsOf = (pid: number): number =>
  Number(/^syscr: (\d+)$/mu.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1])

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

  test("has a shim that looks nothing up, and reads only to hold a stdin open", () => {
    expect(shimText(false)).not.toMatch(/\bread\b|\/proc|\$\(/u)
    expect(shimText(true).match(/\bread\b/gu)).toBeArrayOfSize(1)
  })
})
