import { describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { recordPath } from "../../src/process/AttemptRecord.ts"
import { claimAttempt, readClaim } from "../../src/process/Claim.ts"
import { currentBootId, identify, isAlive } from "../../src/process/Identity.ts"
import type { AttemptEnd } from "../../src/process/inspectAttempt.ts"
import { inspectAttempt } from "../../src/process/inspectAttempt.ts"
import { signalGroup, signalProcess } from "../../src/process/posix.ts"
import { stopTree } from "../../src/process/stopTree.ts"
import { watchEnd } from "../../src/process/watchEnd.ts"
import { AttemptRig, exited, openAndDie, pidOf, remainsOf, signalled } from "./AttemptRig.ts"

/** A shim's claim, complete. */
const claimText = ({ pid = 0, since = 0, bootId = currentBootId() }): string =>
  `shim ${pid} ${since} ${Date.now()} ${bootId}\n${" ".repeat(200)}\n`

const endOf = (tree: { readonly dir: string }) =>
  new Promise<AttemptEnd>((resolve) => void watchEnd(tree.dir, resolve))

describe("an attempt whose engine was killed", () => {
  test("goes on, is adopted, and leaves its record", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    rig.fifo("gate")
    await openAndDie(rig, tree, { script: "echo started >$STEPS; read go <$GATE; exit 42" })
    expect(await rig.step()).toBe("started")
    const claim = readClaim(tree.dir)
    if (claim.kind !== "shim") throw new Error("not claimed")
    expect(claim.identity).toEqual(identify(claim.pid))
    expect(inspectAttempt(tree.dir)).toEqual({
      kind: "alive",
      pid: claim.pid,
      identity: claim.identity,
      shimAlive: true
    })
    const end = endOf(tree)
    rig.pass("gate")
    expect(await end).toMatchObject({ kind: "ended", record: { end: exited(42) } })
  })

  test("is found ended, or watched to its end, at whatever instant the next engine looks", async () => {
    await using rig = new AttemptRig()
    const trees = Array.from({ length: 4 }, () => rig.tree())
    for (const tree of trees) {
      await openAndDie(rig, tree, { script: "exit 3" })
      // An engine that looks before the shim claimed waits as well: it does not rule the attempt out while the shim lives.
      expect(await endOf(tree)).toMatchObject({ kind: "ended", record: { end: exited(3) } })
    }
  })
})

describe("an attempt whose shim was killed", () => {
  test("is alive while its command goes on, and gone afterwards", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("echo $$ >$STEPS; read go <$GATE; echo output")
    const command = Number(await rig.step())
    const shim = readClaim(attempt.dir)
    if (shim.kind !== "shim" || shim.identity === null) throw new Error("not claimed")
    signalProcess(pidOf(attempt), "SIGKILL")
    const watched = endOf(attempt)
    while (isAlive(shim.identity)) await new Promise(setImmediate)
    expect(inspectAttempt(attempt.dir)).toEqual({
      kind: "alive",
      pid: pidOf(attempt),
      identity: null,
      shimAlive: false
    })
    expect(await remainsOf(attempt)).toEqual([command])
    rig.pass("gate")
    const end = await attempt.ended
    const outputAt = new Date(statSync(join(attempt.dir, "stdout.log")).mtimeMs).toISOString()
    expect(end).toEqual({
      kind: "gone",
      evidence:
        `The shim (pid ${pidOf(attempt)}) is gone without a record, and no process of its command was found. ` +
        `The last output was at ${outputAt}.`
    })
    expect(await watched).toEqual(end)
    expect(inspectAttempt(attempt.dir)).toEqual(end)
  })

  test("is gone when its whole group was killed", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo started >$STEPS; sleep 1000; true")
    await rig.step()
    signalGroup(pidOf(attempt), "SIGKILL")
    const end = await attempt.ended
    expect(end.kind === "gone" && end.evidence).toEndWith("There was no output.")
    expect(await remainsOf(attempt)).toEqual([])
  })

  test("leaves no holder of an open stdin behind", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("echo started >$STEPS; read go <$GATE", { stdin: { kind: "open" } })
    await rig.step()
    signalProcess(pidOf(attempt), "SIGKILL")
    rig.pass("gate")
    expect(await attempt.ended).toMatchObject({ kind: "gone" })
    while ((await remainsOf(attempt)).length > 0) await new Promise(setImmediate)
  })

  test("is known not to have started when it died while it claimed", async () => {
    await using rig = new AttemptRig()
    const { dir } = rig.tree()
    mkdirSync(dir)
    writeFileSync(recordPath(dir), "")
    expect(inspectAttempt(dir)).toEqual({
      kind: "notSpawned",
      message: "The shim was killed before it started the command.",
      transient: false
    })
    expect(await endOf({ dir })).toEqual({
      kind: "notSpawned",
      message: "The shim was killed before it started the command.",
      transient: false
    })
  })
})

describe("an attempt whose shell was refused a process", () => {
  test("has not begun, and may begin later", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("exit 0")
    await attempt.ended
    const claim = readFileSync(recordPath(attempt.dir), "utf8").split("\n").slice(0, 2)
    for (const note of [
      "backbeat-shim: 24: Cannot fork\n",
      "backbeat-shim: line 24: fork: Resource temporarily unavailable\n"
    ]) {
      writeFileSync(recordPath(attempt.dir), [...claim, note].join("\n"))
      expect(inspectAttempt(attempt.dir)).toEqual({
        kind: "notSpawned",
        message: expect.stringMatching(/^the system could not create a process: (?:Cannot )?fork/u),
        transient: true
      })
    }
  })
})

describe("an attempt folder", () => {
  test("that nobody claimed can be ruled out by one engine alone", async () => {
    await using rig = new AttemptRig()
    const { dir } = rig.tree()
    mkdirSync(dir)
    expect(inspectAttempt(dir)).toEqual({ kind: "unclaimed" })
    expect([claimAttempt(dir, "because"), claimAttempt(dir, "again")]).toEqual([true, false])
    expect(inspectAttempt(dir)).toEqual({ kind: "notSpawned", message: "because" })
  })

  test("that is missing is told", async () => {
    await using rig = new AttemptRig()
    const { dir } = rig.tree()
    const missing = { kind: "gone", evidence: `The attempt's folder ${dir} is missing.` } as const
    expect(inspectAttempt(dir)).toEqual(missing)
    expect(await endOf({ dir })).toEqual(missing)
    expect(claimAttempt(dir)).toBe(false)
  })

  test("with the pid of a stranger in its claim has nothing alive, and the stranger is never signalled", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    const stranger = Bun.spawn({
      cmd: ["/bin/sleep", "1000"],
      detached: true,
      stdio: ["ignore", "ignore", "ignore"]
    })
    const identity = identify(stranger.pid)
    if (identity === null) throw new Error("no stranger")
    mkdirSync(tree.dir)
    writeFileSync(
      recordPath(tree.dir),
      claimText({ pid: stranger.pid, since: Number(identity.startTime) - 100 })
    )
    expect(inspectAttempt(tree.dir)).toMatchObject({ kind: "gone" })
    expect(await remainsOf({ tree })).toEqual([])
    await Effect.runPromise(stopTree(tree, { stopSignal: "SIGTERM", graceMs: 0 }))
    expect(isAlive(identity)).toBe(true)
    stranger.kill("SIGKILL")
    await stranger.exited
    expect(isAlive(identity)).toBe(false)
  })

  test("of another boot has nothing alive, whatever runs under its pid and start time", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    const stranger = Bun.spawn({
      cmd: ["/bin/sleep", "1000"],
      detached: true,
      stdio: ["ignore", "ignore", "ignore"]
    })
    mkdirSync(tree.dir)
    writeFileSync(
      recordPath(tree.dir),
      claimText({ pid: stranger.pid, bootId: "11111111-1111-1111-1111-111111111111" })
    )
    writeFileSync(join(tree.dir, "stderr.log"), "last words")
    utimesSync(join(tree.dir, "stderr.log"), 1_000, 1_000)
    expect(inspectAttempt(tree.dir)).toEqual({
      kind: "gone",
      evidence:
        `The machine was restarted while the attempt ran (boot 11111111-1111-1111-1111-111111111111, now ${currentBootId()}). ` +
        "The last output was at 1970-01-01T00:16:40.000Z."
    })
    expect(await remainsOf({ tree })).toEqual([])
    stranger.kill("SIGKILL")
    await stranger.exited
  })
})

describe("watching an attempt", () => {
  test("ends with the record although a daemon of the command holds on for ever", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("setsid sleep 1000 & echo $! >$STEPS; read go <$GATE; exit 4")
    const daemon = Number(await rig.step())
    const end = endOf(attempt)
    rig.pass("gate")
    expect(await end).toMatchObject({ kind: "ended", record: { end: exited(4) } })
    await attempt.ended
    expect(await remainsOf(attempt)).toEqual([daemon])
  })

  test("calls nobody back after it was stopped", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo started >$STEPS; exec sleep 1000")
    await rig.step()
    let calls = 0
    const stop = watchEnd(attempt.dir, () => calls++)
    stop()
    stop()
    signalGroup(pidOf(attempt), "SIGTERM")
    expect(await attempt.ended).toMatchObject({ record: { end: signalled("SIGTERM") } })
    await endOf(attempt)
    expect(calls).toBe(0)
  })
})
