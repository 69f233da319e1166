import { describe, expect, test } from "bun:test"
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { recordPath } from "../../src/process/AttemptRecord.ts"
import { claimAttempt, readClaim } from "../../src/process/Claim.ts"
import { type AttemptEnd, inspectAttempt } from "../../src/process/inspectAttempt.ts"
import { watchEnd } from "../../src/process/watchEnd.ts"
import { bashPath } from "../../src/process/shimCall.ts"
import { isHeld } from "../../src/process/AliveFifo.ts"
import { readProcess, readProcFile } from "../../src/process/ProcessTable.ts"
import { signalGroup, signalProcess } from "../../src/process/posix.ts"
import { FullDisk } from "./FullDisk.ts"
import { AttemptRig, engineProgram, exited, pidOf, remainsOf } from "./AttemptRig.ts"

describe("an opened attempt", () => {
  test("reports the command's end once, with its instant and its CPU time", async () => {
    await using rig = new AttemptRig()
    const before = Date.now()
    const attempt = rig.sh("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exit 7")
    const end = await attempt.ended
    expect(end).toMatchObject({ kind: "ended", record: { end: exited(7) } })
    if (end.kind !== "ended") throw new Error("no record")
    // The kernel stamps files with the time of its last tick, at most 10 ms ago.
    expect(end.record.endedAt).toBeGreaterThanOrEqual(before - 10)
    expect(end.record.endedAt).toBeLessThanOrEqual(Date.now())
    expect(end.record.cpuMs).toBeGreaterThan(0)
    expect(inspectAttempt(attempt.dir)).toEqual(end)
  })

  test("keeps its folder and files to the user", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.open({ script: "exit 0", stdin: { kind: "open" } })
    await attempt.ended
    const modeOf = (name: string) => statSync(join(attempt.dir, name)).mode & 0o777
    expect(modeOf(".")).toBe(0o700)
    for (const name of ["stdout.log", "stderr.log", "claim", "alive", "stdin", "eof"]) {
      expect([name, modeOf(name)]).toEqual([name, 0o600])
    }
    expect(modeOf("script")).toBe(0o700)
  })

  test("writes its output straight to the logs, behind what others append", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh(
      "echo one; echo bad >&2; echo written >$STEPS; read go <$GATE; echo three; cat /proc/$$/fdinfo/1"
    )
    await rig.step()
    appendFileSync(join(attempt.dir, "stdout.log"), "two\n")
    rig.pass("gate")
    await attempt.ended
    expect(rig.stdout(attempt)).toStartWith("one\ntwo\nthree\n")
    expect(rig.stdout(attempt)).toMatch(/flags:\s+0?\d*2001\n/)
    expect(rig.stderr(attempt)).toBe("bad\n")
  })

  test("starts its command with default signals although the engine ignores some", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    const engine = Bun.spawn({
      cmd: [
        "/bin/sh",
        "-c",
        "trap '' INT QUIT HUP; exec \"$@\"",
        "x",
        process.execPath,
        "run",
        engineProgram,
        "open",
        tree.dir,
        "null",
        "/bin/sh",
        "-c",
        "grep -E 'Sig(Ign|Blk)' /proc/self/status; echo told >$STEPS"
      ],
      env: rig.envOf(tree),
      stdio: ["ignore", "inherit", "inherit"]
    })
    await engine.exited
    await rig.step()
    expect(rig.stdout(tree).replaceAll("\t", " ")).toBe(
      "SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n"
    )
  })

  test("passes only the environment that it is given, and the working directory", async () => {
    await using rig = new AttemptRig()
    process.env["BACKBEAT_TEST_LEAK"] = "1"
    const attempt = rig.open({ argv: ["env"], env: { ONLY: "a=b\nc" } })
    await attempt.ended
    delete process.env["BACKBEAT_TEST_LEAK"]
    const expected = Object.entries({
      ...rig.envOf(attempt.tree),
      ONLY: "a=b\nc",
      PWD: rig.root
    }).map(([name, value]) => `${name}=${value}`)
    expect(
      rig
        .stdout(attempt)
        .trimEnd()
        .split(/\n(?!c$)/m)
        .toSorted()
    ).toEqual(expected.toSorted())
  })

  test("runs a script of 1 MB with its arguments", async () => {
    await using rig = new AttemptRig()
    const script = `${"# padding\n".repeat(100_000)}echo "$1 of $#"`
    const attempt = rig.open({ script, argv: ["first", "second"] })
    expect(await attempt.ended).toMatchObject({ record: { end: exited(0) } })
    expect(script.length).toBeGreaterThan(1_000_000)
    expect(rig.stdout(attempt)).toBe("first of 2\n")
  })

  test("runs a script by the interpreter that its first line names, with one argument", async () => {
    await using rig = new AttemptRig()
    const awk = Bun.which("awk") ?? ""
    const attempt = rig.open({
      script: `#! ${awk} -f  \nBEGIN { print ARGC, ARGV[1] }\n`,
      argv: ["a b"]
    })
    expect(await attempt.ended).toMatchObject({ record: { end: exited(0) } })
    expect(rig.stdout(attempt)).toBe("2 a b\n")
    const lost = rig.open({ script: "#!/nowhere/interpreter\n" })
    expect(lost.opened).toEqual({
      kind: "notSpawned",
      message: "no such file: /nowhere/interpreter"
    })
  })

  test("does not stand in the argument vector of its shim, by command or by folder", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("tr '\\0' ' ' </proc/$PPID/cmdline; echo server.js")
    await attempt.ended
    expect(rig.stdout(attempt)).toContain("backbeat-shim")
    const [program = ""] = rig.stdout(attempt).split("server.js\n")
    expect(program).not.toContain("PPID")
    expect(program).not.toContain(attempt.dir)
  })

  test("takes more arguments than a variable holds, as they are", async () => {
    await using rig = new AttemptRig()
    const argv = Array.from(
      { length: 3000 },
      (_, index) => `it's $HOME "${index}" ${"x".repeat(50)}\n`
    )
    const attempt = rig.open({ argv: ["/bin/sh", "-c", "printf '%s' \"$@\"", "x", ...argv] })
    await attempt.ended
    expect(rig.stdout(attempt)).toBe(argv.join(""))
  })

  test("gets variables whose names are no shell names, where there is a bash", async () => {
    await using rig = new AttemptRig()
    const odd = {
      "a-b": "1",
      "x.y": "2",
      "npm_config_//registry/:_authToken": "t",
      "BASH_FUNC_x%%": "() {  echo hi\n}"
    }
    const attempt = rig.open({ argv: ["env"], env: odd })
    await attempt.ended
    const lines = rig.stdout(attempt).split("\n")
    const arrived = Object.keys(odd).filter((name) =>
      lines.some((line) => line.startsWith(`${name}=`))
    )
    expect(arrived).toEqual(bashPath() === null ? [] : Object.keys(odd))
  })

  test("reads its stdin from a file", async () => {
    await using rig = new AttemptRig()
    writeFileSync(join(rig.root, "in"), "from a file")
    const attempt = rig.open({ argv: ["cat"], stdin: { kind: "file", path: join(rig.root, "in") } })
    await attempt.ended
    expect(rig.stdout(attempt)).toBe("from a file")
  })

  test("leads its own session and group, and leaves nothing behind", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("cut -d' ' -f5,6 /proc/self/stat")
    await attempt.ended
    expect(rig.stdout(attempt)).toBe(`${pidOf(attempt)} ${pidOf(attempt)}\n`)
    expect(await remainsOf(attempt)).toEqual([])
    expect(isHeld(attempt.dir)).toBe(false)
  })
})

const notSpawned = async (
  open: (rig: AttemptRig) => ReturnType<AttemptRig["open"]>,
  message: RegExp
) => {
  await using rig = new AttemptRig()
  const attempt = open(rig)
  if (attempt.opened.kind !== "notSpawned") throw new Error("spawned")
  expect(attempt.opened.message).toMatch(message)
  expect(inspectAttempt(attempt.dir)).toEqual({
    kind: "notSpawned",
    message: attempt.opened.message
  })
  expect(await remainsOf(attempt)).toEqual([])
  expect(isHeld(attempt.dir)).toBe(false)
  return rig.open({ argv: ["true"] }, attempt.tree).opened
}

describe("an attempt that cannot start", () => {
  test("is claimed, so that its folder is never used again", async () => {
    expect(
      await notSpawned(
        (rig) => rig.open({ argv: ["no-such-command"] }),
        /^command not found: no-such-command$/
      )
    ).toEqual({ kind: "claimed" })
  })

  test("says that one argument is too long for the kernel", async () => {
    await notSpawned(
      (rig) => rig.open({ argv: ["echo", "x".repeat(200_000)] }),
      /larger than this system allows \(E2BIG\)/
    )
  })

  test("says that all arguments together are too long for the kernel", async () => {
    await notSpawned(
      (rig) =>
        rig.open({ argv: ["echo", ...Array.from({ length: 60 }, () => "x".repeat(100_000))] }),
      /E2BIG/
    )
  })

  test("says that its stdin is missing, or nothing to read from", async () => {
    await notSpawned(
      (rig) => rig.open({ argv: ["cat"], stdin: { kind: "file", path: "/no/such/file" } }),
      /^the file for stdin does not exist: \/no\/such\/file$/
    )
    await notSpawned(
      (rig) => rig.open({ argv: ["cat"], stdin: { kind: "file", path: rig.fifo("in") } }),
      /not a regular file/
    )
  })

  test("says that the folder cannot be made", async () => {
    await using rig = new AttemptRig()
    writeFileSync(join(rig.root, "file"), "")
    const { opened } = rig.open(
      { argv: ["true"] },
      { ...rig.tree(), dir: join(rig.root, "file", "attempt") }
    )
    expect(opened.kind === "notSpawned" && opened.message).toContain("ENOTDIR")
  })
})

describe("an attempt for which the system is short of something", () => {
  test("is opened or postponed at whatever descriptor is the last, and never runs when it is postponed", async () => {
    await using rig = new AttemptRig()
    const env = rig.envOf(rig.tree())
    const engine = Bun.spawn({
      cmd: [
        "/bin/sh",
        "-c",
        'ulimit -n 64; exec "$@"',
        "x",
        process.execPath,
        "run",
        engineProgram,
        "short",
        rig.root
      ],
      env,
      stdio: ["ignore", "pipe", "inherit"]
    })
    const kinds: unknown = JSON.parse(await new Response(engine.stdout).text())
    if (!Array.isArray(kinds)) throw new Error("no kinds")
    expect(kinds.length).toBeGreaterThan(5)
    expect(kinds).toEqual([...kinds.slice(0, -1).map(() => "postponed"), "opened"])
    expect(
      kinds.map((_, left) => readClaim(join(rig.root, String(left))).kind).slice(0, -1)
    ).not.toContain("shim")
  })

  test("is postponed on a full disk, and runs when there is room", async () => {
    await using rig = new AttemptRig()
    await using disk = new FullDisk(rig.root)
    const tree = { ...rig.tree(), dir: join(disk.point, "attempt") }
    expect(rig.open({ argv: ["true"] }, tree).opened).toEqual({
      kind: "postponed",
      message: expect.stringContaining("ENOSPC")
    })
    expect(inspectAttempt(tree.dir)).toEqual({ kind: "unclaimed" })
    disk.free()
    expect(await rig.open({ argv: ["true"] }, tree).ended).toMatchObject({
      record: { end: exited(0) }
    })
  })
})

const isSuspended = (pid: number) =>
  readProcFile(`/proc/${pid}/stat`)?.toString("latin1").includes(") T ") === true

/** Opens an attempt whose shim is suspended before it could claim the folder. */
const openHeldBack = async (rig: AttemptRig, script = "echo ran late") => {
  for (;;) {
    const attempt = rig.sh(script)
    signalProcess(pidOf(attempt), "SIGSTOP")
    while (readProcess(pidOf(attempt)) !== null && !isSuspended(pidOf(attempt)))
      await new Promise(setImmediate)
    if (readClaim(attempt.dir).kind === "none") return attempt
    signalProcess(pidOf(attempt), "SIGCONT")
  }
}

describe("an attempt that is opened again", () => {
  test("is left alone while it runs and after it ended", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo started >$STEPS; exec sleep 1000")
    await rig.step()
    expect(rig.open({ argv: ["true"] }, attempt.tree).opened).toEqual({ kind: "claimed" })
    signalGroup(pidOf(attempt), "SIGTERM")
    await attempt.ended
    expect(rig.open({ argv: ["true"] }, attempt.tree).opened).toEqual({ kind: "claimed" })
  })

  test("runs once when two shims race for it, and both report its one end", async () => {
    await using rig = new AttemptRig()
    const late = await openHeldBack(rig)
    const attempt = rig.open({ argv: ["/bin/sh", "-c", "echo ran; exit 5"] }, late.tree)
    const end = await attempt.ended
    signalProcess(pidOf(late), "SIGCONT")
    expect(end).toMatchObject({ kind: "ended", record: { end: exited(5) } })
    expect(await late.ended).toEqual(end)
    expect(rig.stdout(late)).toBe("ran\n")
  })

  test("is watched from before its claim to its record, whoever still holds its FIFO", async () => {
    await using rig = new AttemptRig()
    const attempt = await openHeldBack(rig, "setsid sleep 1000 & exit 4")
    const end = new Promise<AttemptEnd>((resolve) => void watchEnd(attempt.dir, resolve))
    signalProcess(pidOf(attempt), "SIGCONT")
    expect(await end).toMatchObject({ kind: "ended", record: { end: exited(4) } })
  })

  test("never runs after an engine ruled it out", async () => {
    await using rig = new AttemptRig()
    const attempt = await openHeldBack(rig)
    expect(claimAttempt(attempt.dir, "ruled out")).toBe(true)
    signalProcess(pidOf(attempt), "SIGCONT")
    expect(await attempt.ended).toEqual({ kind: "notSpawned", message: "ruled out" })
    expect(rig.stdout(attempt)).toBe("")
    expect(claimAttempt(attempt.dir)).toBe(false)
    expect(readFileSync(recordPath(attempt.dir), "utf8")).toBe("engine ruled out\n")
  })

  test("is ruled out when its shim is killed before it could claim", async () => {
    await using rig = new AttemptRig()
    const attempt = await openHeldBack(rig)
    signalProcess(pidOf(attempt), "SIGKILL")
    expect(await attempt.ended).toEqual({
      kind: "notSpawned",
      message: "The shim was killed before it started the command."
    })
  })
})
