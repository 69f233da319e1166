import { describe, expect, test } from "bun:test"
import { callEngine } from "@backbeat/client/callEngine"
import { signalProcess } from "@backbeat/engine/process/posix"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

/** Nothing is heard for so long before an engine is asked; 5000 outside of tests. */
const silentMs = 250
const env = { BACKBEAT_SILENT_MS: String(silentMs) }

/** A home whose engine is let go on before it is cleaned up. */
class StillRig extends Rig {
  #stopped: number | null = null

  /** Stops the engine by a signal; its pid. */
  async standStill(): Promise<number> {
    const pid = await this.engine()
    this.#stopped = pid
    signalProcess(pid, "SIGSTOP")
    return pid
  }

  goOn(): void {
    if (this.#stopped !== null) signalProcess(this.#stopped, "SIGCONT")
    this.#stopped = null
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.goOn()
    await super[Symbol.asyncDispose]()
  }
}

describe("a call to a suspended engine", () => {
  test("fails with the engine's pid and state, whatever the operation is", async () => {
    await using rig = new StillRig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    const pid = await rig.standStill()
    const calls = [
      ["status", "t"],
      ["list"],
      ["engine", "status"],
      ["wait", "t"],
      ["logs", "t", "--stream"],
      ["doctor"]
    ]
    const refusals = await Promise.all(calls.map((args) => rig.refusal(args, { env })))
    for (const refusal of refusals) {
      expect(refusal.type).toBe("EngineUnreachable")
      expect(refusal.message).toContain(
        `the engine (pid ${pid}, stopped, state T) has not answered`
      )
      expect(refusal.details).toMatchObject({ pid, state: "T", retryable: true })
      expect(refusal.details.hint).toContain(`kill -CONT ${pid}`)
    }
    rig.goOn()
    expect(await rig.engine()).toBe(pid)
  })

  test("says that it may still take effect, and it does when the engine continues", async () => {
    await using rig = new StillRig()
    const pid = await rig.standStill()
    const refusal = await rig.refusal(["start", '{"id":"late","command":"true"}'], { env })
    expect(refusal.message).toContain(
      "the start call was sent, and may still be executed when the engine continues"
    )
    expect(refusal.details).toMatchObject({ pid, sent: true })
    rig.goOn()
    // The engine comes to the call when it goes on, and to a later one perhaps before.
    while ((await rig.call(["status", "late"])).document["ok"] !== true);
    expect((await rig.task("wait", { id: "late" }))["status"]).toBe("completed")
  })

  test("gives up shortly after its own --timeout", async () => {
    await using rig = new StillRig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    await rig.standStill()
    const silent = { BACKBEAT_SILENT_MS: "20000" }
    const began = performance.now()
    const refusal = await rig.refusal(["wait", "t", "--timeout", "0.1"], { env: silent })
    expect(refusal.type).toBe("EngineUnreachable")
    expect(performance.now() - began).toBeLessThan(15_000)
  })

  test("fails in the middle of a stream", async () => {
    await using rig = new StillRig()
    await rig.data("start", { id: "t", script: "echo one; exec sleep 60" })
    const child = rig.spawn(["logs", '{"id":"t","follow":true}', "--stream"], { env })
    const { value } = await child.stdout.getReader().read()
    expect(new TextDecoder().decode(value)).toContain("one")
    const pid = await rig.standStill()
    expect(await new Response(child.stderr).text()).toContain(`pid ${pid}, stopped`)
    expect(await child.exited).toBe(1)
  })
})

test("a call to an engine that is suspended during startup fails with its pid and state", async () => {
  await using rig = new StillRig()
  mkdirSync(rig.home, { mode: 0o700 })
  // It takes the home, and stands still before it serves.
  const libc = join(
    import.meta.dir,
    "..",
    "..",
    "..",
    "..",
    "packages",
    "engine",
    "src",
    "system",
    "libc.ts"
  )
  const program = `
    const { tryLock } = await import(${JSON.stringify(libc)})
    const { openSync, writeFileSync } = await import("node:fs")
    tryLock(openSync(${JSON.stringify(join(rig.home, "engine.lock"))}, "a"))
    writeFileSync(${JSON.stringify(join(rig.scratch, "pid"))}, String(process.pid))
    process.kill(process.pid, "SIGSTOP")`
  const engineCommand = [process.execPath, "-e", program]
  const target = {
    root: rig.home,
    configPath: join(rig.home, "config.json"),
    engineCommand,
    silentMs: 50
  }
  const call = { operation: "list", payload: null, flags: {}, caller: {} }
  const thrown = await callEngine(target, call).then(
    () => null,
    (refusal: unknown) => refusal
  )
  const pid = Number(readFileSync(join(rig.scratch, "pid"), "utf8"))
  signalProcess(pid, "SIGKILL")
  expect(thrown).toMatchObject({
    problem: {
      type: "EngineUnreachable",
      message: expect.stringContaining(`pid ${pid}, stopped, state T`)
    }
  })
})

describe("a call to a busy engine", () => {
  test("waits as long as the engine answers health checks", async () => {
    await using rig = new StillRig()
    await rig.data("start", { id: "t", command: "sleep", args: ["2.5"] })
    const waited = await rig.call(["wait", "t"], { env: { BACKBEAT_SILENT_MS: "1000" } })
    expect(waited).toMatchObject({
      exitCode: 0,
      document: { data: { task: { status: "completed" } } }
    })
  })

  test("fails at the next health check if the engine is suspended later", async () => {
    await using rig = new StillRig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    const waiting = rig.spawn(["wait", "t"], { env: { BACKBEAT_SILENT_MS: "1000" } })
    // A time limit of its own that passes is the event that some time has.
    expect((await rig.refusal(["wait", "t", "--timeout", "1.3"])).type).toBe("TaskWaitTimedOut")
    const pid = await rig.standStill()
    expect(await new Response(waiting.stderr).text()).toContain(`pid ${pid}, stopped`)
    expect(await waiting.exited).toBe(1)
  })
})
