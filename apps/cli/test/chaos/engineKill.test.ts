import { describe, expect, test } from "bun:test"
import { closeSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { signalGroup, signalProcess } from "@backbeat/engine/process/posix"
import { tryLock } from "@backbeat/engine/system/libc"
import { Rig } from "../Rig.ts"
import { enginesOf, isAlive, killAndAwait } from "../processes.ts"
import { killEngines } from "./engines.ts"
import { Oracle } from "./Oracle.ts"
import { atLine, shownOf, type ShownTask, tasksOf } from "./Shown.ts"

/** That backbeat says of a task what its attempt told of itself. */
const expectAgreement = (task: ShownTask, oracle: Oracle): void => {
  const attempts = oracle.attempts(task.id)
  expect(attempts.map(({ attempt }) => attempt)).toEqual([task.attempt])
  expect({ id: task.id, exitCode: task.exitCode }).toEqual({
    id: task.id,
    exitCode: attempts[0]?.exitCode ?? null
  })
  expect(task.status).toBe(task.exitCode === 0 ? "completed" : "failed")
  expect(Math.abs(Date.parse(task.endedAt ?? "") - (attempts[0]?.endedAt ?? 0))).toBeLessThan(100)
}

describe("an engine that is killed", () => {
  test("while tasks run and end loses no exit code, end time or output", async () => {
    await using rig = new Rig()
    const oracle = new Oracle(rig.scratch)
    const ids = Array.from({ length: 20 }, (_, index) => `t${index}`)
    // Some end before the kill, some at it, and the last one after the next engine has begun.
    const specs = ids.map((id, index) => ({
      id,
      script: oracle.script(id, { seconds: index * 0.02, exitCode: index % 3 === 0 ? 0 : index })
    }))
    await rig.data("start", [
      ...specs,
      { id: "held", stdin: "open", script: "read word; echo $word; exit 5" }
    ])
    await rig.data("wait", { id: "t8" })
    await rig.killEngine()
    await rig.data("send", { id: "held", text: "on\n" })
    for (const task of tasksOf(await rig.data("wait", { ids: [...ids, "held"] }))) {
      if (task.id === "held")
        expect(task).toMatchObject({ status: "failed", exitCode: 5, attempt: 1 })
      else {
        expectAgreement(task, oracle)
        expect(await rig.data("logs", { id: task.id })).toMatchObject({ lines: ["line of 1"] })
      }
    }
  })

  test("and not restarted until its tasks have ended records the time of the end, not of the next call", async () => {
    await using rig = new Rig()
    const oracle = new Oracle(rig.scratch)
    const fifo = join(rig.scratch, "gone")
    Bun.spawnSync(["mkfifo", fifo])
    await rig
      .data(
        "start",
        {
          id: "t",
          script: `exec 9>'${fifo}'\n${oracle.script("t", { seconds: 0.1, exitCode: 4 })}`
        },
        []
      )
      .catch(() => {})
    // The FIFO gives its end of file when the task has ended.
    const ended = Bun.file(fifo).text()
    await rig.killEngine()
    await ended
    await Bun.sleep(300)
    expectAgreement(shownOf(await rig.data("status", { id: "t" })), oracle)
  })

  test("while it starts fifty tasks starts each of them exactly once", async () => {
    await using rig = new Rig()
    const oracle = new Oracle(rig.scratch)
    const rounds = 5
    for (let round = 0; round < rounds; round++) {
      await rig.data("list")
      const ids = Array.from({ length: 50 }, (_, index) => `r${round}-${index}`)
      const specs = ids.map((id) => ({
        id,
        script: oracle.script(id, { seconds: 0, exitCode: 3, meanwhile: ":" })
      }))
      const starting = rig.call(["start", "-"], { stdin: JSON.stringify(specs) })
      await Bun.sleep(8 + round * 17)
      killEngines(rig.home)
      expect((await starting).document).toMatchObject({ ok: true, data: { successCount: 50 } })
      for (const task of tasksOf(await rig.data("wait", { ids }))) {
        expect(oracle.attempts(task.id).map(({ attempt }) => attempt)).toEqual([1])
        expect(task).toMatchObject({
          status: "failed",
          exitCode: 3,
          failure: { type: "ExitedNonZero" }
        })
      }
    }
  }, 90_000)

  test("while it stops a resisting process tree returns the stop when no process is left", async () => {
    await using rig = new Rig()
    for (let round = 0; round < 3; round++) {
      const id = `r${round}`
      const pids = join(rig.scratch, id)
      const script = `trap '' TERM; echo $$ >'${pids}'; (trap '' TERM; sh -c 'echo $$' >>'${pids}'; sleep 60) & setsid sh -c 'echo $$ >>"${pids}"; exec sleep 60' & echo up; while :; do sleep 1; done`
      await rig.data("start", { id, script, gracePeriodMs: 300 })
      await atLine(rig, id, "up")
      const stopping = rig.call(["stop", JSON.stringify({ id, full: true })])
      await Bun.sleep(10 + round * 130)
      killEngines(rig.home)
      expect((await stopping).document).toMatchObject({
        ok: true,
        data: { task: { status: "cancelled", attempt: 1 } }
      })
      const left = readFileSync(pids, "utf8").trim().split("\n").map(Number).filter(isAlive)
      expect(left).toEqual([])
    }
  })

  test("leaves its lock to the next engine at once, whatever is still running", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", command: "sleep", args: ["60"] })
    const first = await rig.engine()
    await killAndAwait(first)
    const lock = openSync(join(rig.home, "engine.lock"), "a")
    expect(tryLock(lock)).toBe(true)
    closeSync(lock)
    expect(await rig.task("status", { id: "on" })).toMatchObject({ status: "running", attempt: 1 })
    expect(enginesOf(rig.home)).toHaveLength(1)
    expect(enginesOf(rig.home)).not.toContain(first)
  })
})

describe("a caller that is killed while it waits", () => {
  test("does not affect the task and the engine", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", stdin: "open", script: "read word; exit 6" })
    const engine = await rig.enginePid()
    const waiting = rig.spawn(["wait", "on"])
    await Bun.sleep(100)
    waiting.kill("SIGKILL")
    await waiting.exited
    await rig.data("send", { id: "on", eof: true })
    expect(await rig.task("wait", { id: "on" })).toMatchObject({ status: "failed", exitCode: 6 })
    expect(await rig.enginePid()).toBe(engine)
  })
})

describe("a waiting caller", () => {
  test("gets its answer from the next engine when its engine is killed, twice", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", stdin: "open", script: "read word; exit 6" })
    const waiting = rig.call(["wait", "on"])
    for (let kill = 0; kill < 2; kill++) {
      await Bun.sleep(150)
      await rig.killEngine()
    }
    await rig.data("send", { id: "on", eof: true })
    expect((await waiting).document).toMatchObject({
      ok: true,
      data: { task: { status: "failed", exitCode: 6 } }
    })
  })

  test("waits no longer than its limit, even across engines", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", command: "sleep", args: ["60"] })
    const begunAt = performance.now()
    const waiting = rig.call(["wait", JSON.stringify({ id: "on", timeout: 1500 })])
    await Bun.sleep(1000)
    await rig.killEngine()
    expect((await waiting).document).toMatchObject({
      ok: false,
      error: { type: "TaskWaitTimedOut" }
    })
    expect(performance.now() - begunAt).toBeLessThan(2300)
  })
})

describe("a task whose processes are killed by another program", () => {
  test("is lost when its whole group is killed, with or without an engine", async () => {
    await using rig = new Rig()
    for (const withEngine of [true, false]) {
      const id = withEngine ? "seen" : "unseen"
      const { pid } = shownOf(await rig.data("start", { id, script: "echo up; sleep 60; exit 3" }))
      await atLine(rig, id, "up")
      if (!withEngine) await rig.killEngine()
      signalGroup(pid ?? 0, "SIGKILL")
      expect(await rig.task("wait", { id })).toMatchObject({
        status: "failed",
        exitCode: null,
        failure: { type: "Lost" }
      })
    }
  })

  test("continues when only its shim is killed, and is lost when its command has ended", async () => {
    await using rig = new Rig()
    const { pid } = shownOf(
      await rig.data("start", {
        id: "t",
        stdin: "open",
        script: "echo up; read word; echo $word; exit 3"
      })
    )
    await atLine(rig, "t", "up")
    expect(await rig.data("why", { id: "t" })).toMatchObject({
      because: [{ what: "attempt 1 was started" }],
      next: "It runs until it ends."
    })
    await killAndAwait(pid ?? 0)
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running" })
    expect(await rig.data("why", { id: "t" })).toMatchObject({
      status: "running",
      because: [
        { what: "the shim around its command was killed, so no process records how it ends" },
        { what: "attempt 1 was started" }
      ],
      next: "It fails with Lost when its last process is gone."
    })
    await rig.killEngine()
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "running" })
    await rig.data("send", { id: "t", text: "on\n" })
    expect(await rig.task("wait", { id: "t" })).toMatchObject({
      status: "failed",
      failure: { type: "Lost" }
    })
    expect(await rig.data("logs", { id: "t" })).toMatchObject({ lines: ["up", "on"] })
  })

  test("is signalled, not lost, when only its command is killed", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", script: "echo $$; exec sleep 60" })
    await atLine(rig, "t", "[0-9]+")
    const { lines } = await rig.data("logs", { id: "t" })
    signalProcess(Number(Array.isArray(lines) ? lines[0] : 0), "SIGKILL")
    expect(await rig.task("wait", { id: "t" })).toMatchObject({
      status: "failed",
      signal: "SIGKILL",
      failure: { type: "Signalled" }
    })
  })
})
