import { describe, expect, test } from "bun:test"
import { readFileSync, readlinkSync } from "node:fs"
import { signalGroup, signalProcess } from "@backbeat/engine/process/posix"
import { Rig } from "../Rig.ts"
import { enginesOf, isAlive } from "../processes.ts"
import { binary } from "../binary.ts"

/** Fields of /proc/PID/stat after the name: parent, group, session, terminal. Source: proc_pid_stat(5). */
const kinOf = (pid: number) => {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1")
  const [, ppid, pgid, sid, tty] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number)
  return { ppid, pgid, sid, tty }
}

/** Whom an orphan is given to: process 1, or the nearest subreaper above this test. */
const orphanage = async (): Promise<number> => {
  const orphan = Bun.spawn(
    [
      "/bin/sh",
      "-c",
      `sh -c 'while [ -d /proc/$1 ]; do sleep 0.01; done; ps -o ppid= -p $$' sh $$ &`
    ],
    {
      stdio: ["ignore", "pipe", "ignore"]
    }
  )
  await orphan.exited
  return Number(await new Response(orphan.stdout).text())
}

describe("an engine", () => {
  test("leaves the process tree, session and terminal of the caller that starts it", async () => {
    await using rig = new Rig()
    // script(1) gives the caller a controlling terminal.
    const caller = Bun.spawn(["setsid", "script", "-qec", `${binary} list`, "/dev/null"], {
      cwd: rig.scratch,
      env: rig.environment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore"
    })
    await caller.exited
    const [pid] = enginesOf(rig.home)
    expect(pid).toBeDefined()
    const kin = kinOf(pid ?? 0)
    expect(kin.tty).toBe(0)
    expect(kin.ppid).toBe(await orphanage())
    expect(kin.sid).not.toBe(kinOf(process.pid).sid)
    expect(kin.pgid).toBe(kin.sid)
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/")
  })

  test("survives SIGHUP and SIGKILL of all processes around its caller, and so do its tasks", async () => {
    await using rig = new Rig()
    // The caller leads a session with a shell around it, and waits.
    const caller = Bun.spawn(
      [
        "/bin/sh",
        "-c",
        `${binary} start '{"id":"on","command":"sleep","args":["60"]}'; echo started; ${binary} wait on`
      ],
      {
        cwd: rig.scratch,
        env: rig.environment(),
        detached: true,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore"
      }
    )
    for await (const chunk of caller.stdout)
      if (new TextDecoder().decode(chunk).includes("started")) break
    const [engine] = enginesOf(rig.home)
    signalGroup(caller.pid, "SIGHUP")
    signalGroup(caller.pid, "SIGKILL")
    await caller.exited
    expect(isAlive(engine ?? 0)).toBe(true)
    expect(await rig.task("status", { id: "on" })).toMatchObject({ status: "running", attempt: 1 })
    expect(await rig.enginePid()).toBe(engine ?? 0)
  })

  test("shuts down in order at SIGHUP, SIGINT or SIGTERM, and its tasks continue", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", command: "sleep", args: ["60"] })
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
      const engine = await rig.engine()
      signalProcess(engine, signal)
      while (isAlive(engine)) await Bun.sleep(1)
      expect(await rig.task("status", { id: "on" })).toMatchObject({
        status: "running",
        attempt: 1
      })
      expect(enginesOf(rig.home)).toHaveLength(1)
    }
  })

  test("lets nobody wait while it shuts down", async () => {
    await using rig = new Rig()
    const callMs = async (): Promise<number> => {
      const begunAt = performance.now()
      await rig.data("list")
      return performance.now() - begunAt
    }
    // Against a call that finds no engine at all, which is as slow as the machine is busy.
    let [cold, ending] = [0, 0]
    for (let round = 0; round < 6; round++) {
      await rig.killEngine()
      cold += await callMs()
      signalProcess(await rig.engine(), "SIGTERM")
      await Bun.sleep(round * 3)
      ending += await callMs()
    }
    expect(ending).toBeLessThan(cold * 3)
  })

  test("inherits only the variables that it needs", async () => {
    await using rig = new Rig()
    await rig.call(["list"], { env: { SECRET_TOKEN: "hidden" } })
    expect(readFileSync(`/proc/${enginesOf(rig.home)[0]}/environ`, "utf8")).not.toContain("hidden")
  })
})
