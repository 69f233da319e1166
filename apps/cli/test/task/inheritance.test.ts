/** Tasks get the soft limits and the priority of their caller. What else the engine inherited from another call is told. */
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** Makes a call by way of a shell that changes itself first. */
const callAs = (rig: Rig, change: string, args: ReadonlyArray<string>) => {
  const { stdout } = Bun.spawnSync(["/bin/sh", "-c", `${change} "$@"`, "sh", binary, ...args], {
    cwd: rig.scratch,
    env: rig.environment()
  })
  return Object(JSON.parse(stdout.toString()))["data"]
}

const start = ["start", '{"id":"x","command":"true"}', "--wait"]

const hasLimits = existsSync("/proc/self/limits")

const showing = ["start", '{"id":"x","script":"ulimit -S -f; ulimit -S -n; nice"}', "--wait"]

const linesOf = async (rig: Rig): Promise<ReadonlyArray<string>> =>
  Object(await rig.data("logs", { id: "x" })).lines

test.if(hasLimits)(
  "a task has the soft limits and the priority of its caller, in each of its attempts",
  async () => {
    await using rig = new Rig()
    await rig.data("list")
    const started = callAs(rig, "ulimit -S -f 1000; ulimit -n 99; exec nice -n 5", showing)
    expect(started).toMatchObject({ task: { status: "completed" } })
    expect(started.warnings).toBeUndefined()
    expect(await linesOf(rig)).toEqual(["1000", "99", "5"])
    await rig.endEngine()
    await rig.call(["restart", "x", "--wait"])
    expect(await linesOf(rig)).toEqual(["1000", "99", "5"])
  }
)

test.if(hasLimits)(
  "a low limit of the caller's does not keep the end of its task from being recorded",
  async () => {
    await using rig = new Rig()
    await rig.data("list")
    const writing = '{"id":"x","command":"dd","args":["if=/dev/zero","of=f","bs=3000","count=1"]}'
    const started = callAs(rig, "ulimit -S -f 1; exec", ["start", writing])
    expect(started).toMatchObject({ task: { id: "x" } })
    expect((await rig.call(["wait", "x"])).document).toMatchObject({
      data: { task: { failure: { type: "Signalled", signal: "SIGXFSZ" } } }
    })
  }
)

test.if(hasLimits)(
  "a task has no lower limit than its caller because another call started the engine",
  async () => {
    await using rig = new Rig()
    callAs(rig, "ulimit -S -f 1000; exec", ["list"])
    expect(Object((await rig.call(showing)).document["data"]).warnings).toBeUndefined()
    expect((await linesOf(rig))[0]).toBe("unlimited")
  }
)

test.if(hasLimits)(
  "a start is warned of a limit that cannot be raised to its caller's",
  async () => {
    await using rig = new Rig()
    callAs(rig, "ulimit -f 1000; exec", ["list"])
    const { data } = (await rig.call(start)).document
    expect(Object(data).warnings).toEqual([
      expect.stringMatching(/file size limit \d+ \(the caller: unlimited\)\. .*engine stop/u)
    ])
    expect(await rig.data("engine status")).toMatchObject({
      inherited: { "file size limit": "512000" },
      differences: [expect.stringContaining("file size limit")]
    })
    expect(await rig.data("doctor")).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ name: "inheritance", status: "warn" })
      ])
    })
  }
)

const mayBeConfined =
  existsSync("/proc/self/status") &&
  /^NoNewPrivs:\s0$/mu.test(readFileSync("/proc/self/status", "utf8")) &&
  Bun.which("setpriv") !== null

test.if(mayBeConfined)(
  "a start from a sandbox that does not hold for the engine is warned, and so is one into a sandbox",
  async () => {
    await using rig = new Rig()
    await rig.data("list")
    expect(callAs(rig, "exec setpriv --no-new-privs", start).warnings).toEqual([
      expect.stringContaining("no new privileges off (the caller: on)")
    ])
    await rig.endEngine()
    callAs(rig, "exec setpriv --no-new-privs", ["list"])
    expect(Object((await rig.call(start)).document["data"]).warnings).toEqual([
      expect.stringContaining("no new privileges on (the caller: off)")
    ])
  }
)

test.if(hasLimits)("a batch and a pipeline are warned once", async () => {
  await using rig = new Rig()
  callAs(rig, "ulimit -f 1000; exec", ["list"])
  const warned = { warnings: [expect.stringContaining("(the caller: unlimited)")] }
  expect(
    await rig.data("start", [
      { id: "a", command: "true" },
      { id: "b", command: "true" }
    ])
  ).toMatchObject(warned)
  expect(
    await rig.data("pipeline create", { id: "p", steps: [{ key: "a", command: "true" }] })
  ).toMatchObject(warned)
})

test("a start whose caller has the limits of the engine has no warnings", async () => {
  await using rig = new Rig()
  expect(Object((await rig.call(start)).document["data"]).warnings).toBeUndefined()
  expect(await rig.data("engine status")).not.toHaveProperty("differences")
})
