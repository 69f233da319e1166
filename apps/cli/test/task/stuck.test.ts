/** A stop that cannot end everything says so, and what a stop has ended is told. */
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { stuckAmong } from "@backbeat/engine/process/stuck"
import * as Schema from "effect/Schema"
import { chmodSync, chownSync, copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import { binary } from "../binary.ts"

const nobody = 65_534
const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/** A home of an ordinary user, in which a task may become root. */
const ordinary = (rig: Rig) => {
  chownSync(rig.scratch, nobody, nobody)
  chmodSync(rig.scratch, 0o755)
  const becomesRoot = join(rig.scratch, "becomes-root")
  copyFileSync(Bun.which("setpriv") ?? "", becomesRoot)
  chmodSync(becomesRoot, 0o4755)
  const call = async (...args: ReadonlyArray<string>) => {
    const child = Bun.spawn(
      ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", binary, ...args],
      {
        cwd: rig.scratch,
        env: rig.environment({ HOME: rig.scratch }),
        stdio: ["ignore", "pipe", "pipe"]
      }
    )
    const [out, error] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text()
    ])
    return decode(out === "" ? error : out)
  }
  return { becomesRoot, call }
}

describe("a stop of a process that must not be signalled", () => {
  test("fails a second after SIGKILL and lists the process; the task is stopping until it is gone", async () => {
    // Without root there is nobody to become: then the judgement alone is tried, on the first process of the system.
    if (process.getuid?.() !== 0) {
      const first = { identity: { pid: 1, startTime: "0", bootId: "" }, inGroup: false }
      expect(stuckAmong([first])).toMatchObject([
        { pid: 1, user: "root", why: expect.stringContaining("EPERM") }
      ])
      return
    }
    await using rig = new Rig()
    const { becomesRoot, call } = ordinary(rig)
    const args = ["--ruid=0", "--euid=0", "sh", "-c", "echo $$; exec sleep 60"]
    await call(
      "start",
      JSON.stringify({ id: "su", command: becomesRoot, args, gracePeriodMs: 100 })
    )
    const { data } = await call("wait", JSON.stringify({ id: "su", for: { log: "^\\d+$" } }))
    expect(data).toBeObject()
    const pid = Number(
      readFileSync(join(rig.home, "tasks", "su", "1", "stdout.log"), "utf8").trim()
    )
    const left = [{ pid, user: "root", why: expect.stringContaining("EPERM") }]
    expect(await call("stop", "su")).toMatchObject({
      error: { type: "StopIncomplete", details: { id: "su", left, retryable: true } }
    })
    expect(await call("status", "su")).toMatchObject({ data: { task: { status: "stopping" } } })
    expect(await call("why", "su")).toMatchObject({
      data: {
        because: [{ what: expect.stringContaining(`${pid} sleep 60 of root`) }, {}, {}],
        next: expect.stringContaining("have been sent SIGKILL")
      }
    })
    signalProcess(pid, "SIGKILL")
    expect(await call("stop", "su")).toMatchObject({
      data: { task: { status: "cancelled" }, left: [] }
    })
    await call("engine", "stop")
  })
})

describe("the answer of a stop", () => {
  test("lists the processes that were alive, and that none is left", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: "for i in 1 2 3 4; do sleep 60 & done; echo up; wait"
    })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    const { ended, endedMore, left } = await rig.data("stop", { id: "x", full: false })
    // Between fork and exec a process shows its arguments in part.
    const sleeps = expect.stringMatching(/^\d+ (?:sleep|script of x)/u)
    expect(ended).toEqual([expect.stringMatching(/^\d+ \S.*$/u), sleeps, sleeps])
    expect([endedMore, left]).toEqual([2, []])
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      because: expect.arrayContaining([
        {
          what: expect.stringMatching(/^the stop ended (?:\d+ [^,]+(?:, )?){5}$/u),
          since: expect.any(String)
        }
      ])
    })
  })

  test("of an ended task says that no process is left", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "true" }, ["--wait"])
    expect(await rig.data("stop", { id: "x" })).toMatchObject({ alreadyEnded: true, left: [] })
  })
})

test("a task that timed out lists the processes that were alive", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "x", script: "sleep 60 & wait", timeout: 1000 })
  const { task } = await rig.data("wait", { id: "x", full: false })
  expect(task).toMatchObject({
    failure: { type: "TimedOut" },
    ended: expect.arrayContaining([expect.stringMatching(/^\d+ sleep 60$/u)])
  })
})

describe("a suspended shim", () => {
  test("continues when its task is stopped, and records how its command ended", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "s",
      script: "echo $$; read line; exit 4",
      stdin: "open",
      gracePeriodMs: 600_000
    })
    await rig.data("wait", { id: "s", for: { log: "^\\d+$" } })
    const { pid } = await rig.task("status", { id: "s" })
    if (typeof pid !== "number") throw new Error("no pid")
    const command = Number(
      readFileSync(join(rig.home, "tasks", "s", "1", "stdout.log"), "utf8").trim()
    )
    signalProcess(pid, "SIGSTOP")
    await rig.data("send", { id: "s", text: "go\n" })
    while (isAlive(command)) await Bun.sleep(2)
    expect(await rig.data("why", { id: "s" })).toMatchObject({
      because: [{ what: expect.stringMatching(/are stopped \(state T\): .*SIGCONT/u) }, {}]
    })
    expect(await rig.task("stop", { id: "s" })).toMatchObject({ status: "cancelled", exitCode: 4 })
  })

  test("is not stopped or killed by send: the end of the command is recorded", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "k", script: "echo up; sleep 60; true" })
    await rig.data("wait", { id: "k", for: { log: "up" } })
    expect(await rig.data("send", { id: "k", signal: "SIGKILL" })).toMatchObject({
      signalled: true
    })
    expect(await rig.task("wait", { id: "k" })).toMatchObject({
      status: "failed",
      signal: "SIGKILL",
      failure: { type: "Signalled", signal: "SIGKILL" }
    })
  })
})
