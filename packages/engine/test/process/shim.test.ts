import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import { describe, expect, test } from "bun:test"
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { noteOf, readAttemptRecord } from "../../src/process/AttemptRecord.ts"
import { readClaim } from "../../src/process/Claim.ts"
import { readExitRecord } from "../../src/process/ExitRecord.ts"
import { inspectReleased } from "../../src/process/inspectAttempt.ts"
import { isFull } from "../../src/process/shortage.ts"
import { shimCall } from "../../src/process/shimCall.ts"
import { FullDisk } from "./FullDisk.ts"
import { AttemptRig, exited, signalled } from "./AttemptRig.ts"

const bash = Bun.which("bash")
const shells: ReadonlyArray<ReadonlyArray<string>> = [
  ["/bin/sh"],
  ...(bash === null ? [] : [[bash, "--posix"]])
]

const runShim = async (
  shell: ReadonlyArray<string>,
  dir: string,
  argv: ReadonlyArray<string>,
  {
    env = {},
    limits = {},
    moved = dir
  }: {
    readonly env?: Record<string, string>
    readonly limits?: ProcessLimits
    /** Where the folder is by the end. */
    readonly moved?: string
  } = {}
) => {
  mkdirSync(dir, { recursive: true })
  const log = openSync(join(dir, "log"), constants.O_CREAT | constants.O_APPEND | constants.O_RDWR)
  const call = shimCall({ dir, umask: 0o27, argv, env, limits, isOpen: false })
  const cmd = [...shell, ...call.cmd.slice(call.cmd.indexOf("-c"))]
  const child = Bun.spawn({
    cmd,
    stdio: ["ignore", log, "ignore", log, log],
    detached: true,
    env: call.env
  })
  closeSync(log)
  await child.exited
  return {
    record: readExitRecord(moved)?.end,
    log: readFileSync(join(moved, "log"), "utf8"),
    pid: child.pid
  }
}

for (const shell of shells) {
  describe(`the shim under ${shell.join(" ")}`, () => {
    const ends: ReadonlyArray<readonly [string, unknown]> = [
      ["exit 0", exited(0)],
      ["exit 1", exited(1)],
      ["exit 126", exited(126)],
      ["exit 127", exited(127)],
      ["exit 130", exited(130)],
      ["exit 137", exited(137)],
      ["exit 143", exited(143)],
      ["trap 'exit 143' TERM; kill -s TERM $$", exited(143)],
      ["trap '' TERM; kill -s TERM 0; exit 3", exited(3)],
      ["kill -s KILL $$", signalled("SIGKILL")],
      ["kill -s TERM $$", signalled("SIGTERM")],
      ["kill -s HUP $$", signalled("SIGHUP")],
      ["kill -s SEGV $$", signalled("SIGSEGV")],
      ["kill -s TERM 0", signalled("SIGTERM")],
      ["kill -s INT 0", signalled("SIGINT")],
      ["kill -s USR1 0", signalled("SIGUSR1")]
    ]
    for (const [script, end] of ends) {
      test(`records the end of: ${script}`, async () => {
        await using rig = new AttemptRig()
        const ran = await runShim(shell, join(rig.root, "a"), ["/bin/sh", "-c", script])
        expect(ran).toMatchObject({ record: end, log: "" })
      })
    }

    for (const [script, end] of ends.filter(([each]) =>
      ["exit 143", "kill -s TERM $$", "kill -s KILL $$"].includes(each)
    )) {
      test(`records the same end in a folder that was moved meanwhile: ${script}`, async () => {
        await using rig = new AttemptRig()
        const [dir, moved] = [join(rig.root, "a"), join(rig.root, "moved")]
        rig.fifo("gate")
        const argv = [
          "/bin/sh",
          "-c",
          `echo up >'${rig.root}/steps'; read go <'${rig.root}/gate'; ${script}`
        ]
        const running = runShim(shell, dir, argv, { moved })
        await rig.step()
        renameSync(dir, moved)
        rig.pass("gate")
        expect(await running).toMatchObject({ record: end })
      })
    }

    test.if(existsSync("/proc/self/limits"))(
      "sets soft limits in the units of the shell, for the command alone",
      async () => {
        await using rig = new AttemptRig()
        const soft = {
          "file size": "8192",
          "core file size": "0",
          "stack size": "1048576",
          processes: "4000"
        }
        const { log, record } = await runShim(
          shell,
          join(rig.root, "a"),
          ["/bin/cat", "/proc/self/limits"],
          { limits: { soft } }
        )
        const limits = Object.keys(soft).map((name) => [
          name,
          new RegExp(`^Max ${name}\\s+(\\S+)`, "mu").exec(log)?.[1]
        ])
        expect({ limits: Object.fromEntries(limits), record }).toMatchObject({
          limits: soft,
          record: exited(0)
        })
      }
    )

    test("runs nothing and leaves no trace in a folder that is claimed", async () => {
      await using rig = new AttemptRig()
      const dir = join(rig.root, "a")
      const first = await runShim(shell, dir, ["/bin/echo", "first"])
      const late = await runShim(shell, dir, ["/bin/echo", "late"])
      expect(late.log).toBe("first\n")
      expect(readClaim(dir)).toMatchObject({ kind: "shim", pid: first.pid })
      expect(noteOf(dir, readAttemptRecord(dir))).toMatch(/^(0m.*\n){2}end 2 0\n$/u)
    })

    test("starts nothing without room for its claim, and says so", async () => {
      await using rig = new AttemptRig()
      await using disk = new FullDisk(rig.root)
      const dir = join(disk.point, "a")
      disk.free()
      mkdirSync(dir)
      writeFileSync(join(dir, "log"), "")
      disk.fill()
      const ran = await runShim(shell, dir, ["/bin/sh", "-c", `touch ${rig.root}/ran`])
      expect(ran.record).toBeUndefined()
      expect(existsSync(join(rig.root, "ran"))).toBe(false)
      expect(inspectReleased(dir)).toEqual({
        kind: "notSpawned",
        message: "ENOSPC: no space left on device for the claim of the attempt",
        transient: true
      })
    })

    test("has its record when the disk is full by the end", async () => {
      await using rig = new AttemptRig()
      await using disk = new FullDisk(rig.root)
      const dir = join(disk.point, "a")
      disk.free()
      const fill = `while head -c 4096 /dev/zero; do :; done >'${disk.point}/filler' 2>/dev/null`
      const ran = await runShim(shell, dir, ["/bin/sh", "-c", `${fill}; kill -s TERM $$`])
      expect(ran).toMatchObject({ record: signalled("SIGTERM") })
      expect(isFull(dir)).toBe(true)
    })

    test("tells a command that the system does not execute from one that exits with 126, where the shell allows it", async () => {
      await using rig = new AttemptRig()
      const busy = join(rig.root, "busy")
      copyFileSync("/bin/true", busy)
      const held = openSync(busy, "r+")
      await runShim(shell, join(rig.root, "a"), [busy])
      closeSync(held)
      const traps =
        Bun.spawnSync([
          ...shell,
          "-c",
          "(trap 'echo trapped' EXIT; exec /nowhere/at/all)"
        ]).stdout.toString() === "trapped\n"
      expect(inspectReleased(join(rig.root, "a"))).toMatchObject(
        traps
          ? { kind: "notSpawned", transient: false }
          : { kind: "ended", record: { end: exited(126) } }
      )
      await runShim(shell, join(rig.root, "b"), ["/bin/sh", "-c", "exit 126"])
      expect(inspectReleased(join(rig.root, "b"))).toMatchObject({
        kind: "ended",
        record: { end: exited(126) }
      })
    })

    test("gives the command the umask, exact arguments and no descriptor but 0 to 3", async () => {
      await using rig = new AttemptRig()
      const argv = [
        "/bin/sh",
        "-c",
        "umask; for each; do printf '<%s>' \"$each\"; done; ls /proc/$$/fd; :",
        "x",
        "",
        "a b",
        "*",
        "$0",
        "-n"
      ]
      const { log } = await runShim(shell, join(rig.root, "a"), argv, {
        env: { PATH: "/usr/bin:/bin" }
      })
      expect(log).toBe("0027\n<><a b><*><$0><-n>0\n1\n2\n3\n")
    })

    test("is not misled by a locale that the machine does not have, which the command gets", async () => {
      await using rig = new AttemptRig()
      const env = { PATH: "/usr/bin:/bin", LC_ALL: "xx_XX.UTF-8", LANG: "it's" }
      const script = 'echo "$LC_ALL $LANG"; exit 143'
      const argv = ["/bin/sh", "-c", script]
      const ran = await runShim(shell, join(rig.root, "a"), argv, { env })
      expect(ran).toMatchObject({ record: exited(143) })
      expect(ran.log).toEndWith("xx_XX.UTF-8 it's\n")
    })

    test("is not misled by options and variables in the environment of the task", async () => {
      await using rig = new AttemptRig()
      const env = {
        SHELLOPTS: "errexit:nounset",
        IFS: "0123456789",
        _backbeat_int: "1",
        ENV: "/nowhere"
      }
      const ran = await runShim(shell, join(rig.root, "a"), ["/bin/sh", "-c", "exit 130"], { env })
      expect(ran).toMatchObject({ record: exited(130), log: "" })
    })
  })
}
