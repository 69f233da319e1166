/** Attempts that an engine of an earlier version has started, as this one finds them. */
import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { earlierPaths, recordPath } from "../../src/process/AttemptRecord.ts"
import { identify } from "../../src/process/Identity.ts"
import { type AttemptEnd, inspectAttempt } from "../../src/process/inspectAttempt.ts"
import { signalProcess } from "../../src/process/posix.ts"
import { stopTree } from "../../src/process/stopTree.ts"
import { watchEnd } from "../../src/process/watchEnd.ts"
import { AttemptRig, exited, remainsOf, signalled } from "./AttemptRig.ts"
import { startEarlier } from "./earlierShim.ts"

const endOf = (dir: string) => new Promise<AttemptEnd>((resolve) => void watchEnd(dir, resolve))

const start = (rig: AttemptRig, script: string) => {
  const tree = rig.tree()
  const shim = startEarlier(tree.dir, ["/bin/sh", "-c", script], rig.envOf(tree))
  return { tree, dir: tree.dir, shim }
}

describe("an attempt of an earlier version", () => {
  test("is found alive, is adopted, and its end is read", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const { dir, shim, tree } = start(rig, "echo up >$STEPS; read go <$GATE; exit 42")
    await rig.step()
    expect(inspectAttempt(dir)).toEqual({
      kind: "alive",
      pid: shim.pid,
      identity: identify(shim.pid),
      shimAlive: true
    })
    expect(rig.open({ argv: ["true"] }, tree).opened).toEqual({ kind: "claimed" })
    const end = endOf(dir)
    rig.pass("gate")
    expect(await end).toMatchObject({ kind: "ended", record: { end: exited(42), cpuMs: 0 } })
    expect(inspectAttempt(dir)).toEqual(await end)
  })

  test.each([
    ["exit 143", exited(143)],
    ["kill -s TERM $$", signalled("SIGTERM")],
    ["kill -s KILL $$", signalled("SIGKILL")]
  ])("ends as its shim has recorded: %s", async (script, end) => {
    await using rig = new AttemptRig()
    const { dir, shim } = start(rig, script)
    await shim.exited
    expect(inspectAttempt(dir)).toMatchObject({ kind: "ended", record: { end } })
  })

  test("is stopped with all that it has started", async () => {
    await using rig = new AttemptRig()
    const { dir, tree } = start(rig, "sleep 1000 & echo up >$STEPS; wait")
    await rig.step()
    expect((await remainsOf({ tree })).length).toBeGreaterThan(1)
    await Effect.runPromise(stopTree(tree, { stopSignal: "SIGTERM", graceMs: 5000 }))
    expect(inspectAttempt(dir)).toMatchObject({ record: { end: signalled("SIGTERM") } })
    expect(await remainsOf({ tree })).toEqual([])
  })

  test("is lost when its shim was killed, once its command is gone", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const { dir, shim } = start(rig, "echo up >$STEPS; read go <$GATE")
    await rig.step()
    const end = endOf(dir)
    signalProcess(shim.pid, "SIGKILL")
    await shim.exited
    expect(inspectAttempt(dir)).toMatchObject({ kind: "alive", pid: shim.pid, shimAlive: false })
    rig.pass("gate")
    expect(await end).toMatchObject({ kind: "gone" })
  })

  test("does not begin where a shim of this version has claimed, nor the other way round", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo ran; exit 5")
    const end = await attempt.ended
    await startEarlier(attempt.dir, ["/bin/echo", "late"], rig.envOf(attempt.tree)).exited
    expect(rig.stdout(attempt)).toBe("ran\n")
    expect(inspectAttempt(attempt.dir)).toEqual(end)
    const earlier = start(rig, "echo ran")
    await earlier.shim.exited
    expect(rig.open({ argv: ["/bin/echo", "late"] }, earlier.tree).opened.kind).toBe("claimed")
    expect(rig.stdout(earlier)).toBe("ran\n")
  })

  test("that was prepared and never claimed is opened by this version", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    mkdirSync(tree.dir)
    const { exit, note } = earlierPaths(tree.dir)
    writeFileSync(exit, `${" ".repeat(63)}\n`)
    writeFileSync(note, "\n")
    expect(inspectAttempt(tree.dir)).toEqual({ kind: "unclaimed" })
    const attempt = rig.open({ argv: ["/bin/sh", "-c", "exit 6"] }, tree)
    expect(await attempt.ended).toMatchObject({ record: { end: exited(6) } })
    expect(existsSync(recordPath(tree.dir))).toBe(true)
  })
})
