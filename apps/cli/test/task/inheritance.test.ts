/** The call that starts an engine decides the limits, priority and sandbox of every task: others are told. */
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { binary, Rig } from "../Rig.ts"

/** Makes a call by way of a shell that changes itself first. */
const callAs = (rig: Rig, change: string, args: ReadonlyArray<string>) => {
  const { stdout } = Bun.spawnSync(["/bin/sh", "-c", `${change} "$@"`, "sh", binary, ...args], {
    cwd: rig.scratch,
    env: rig.environment()
  })
  return Object(JSON.parse(stdout.toString()))["data"]
}

const start = ["start", '{"id":"x","command":"true"}', "--wait"]

test.if(existsSync("/proc/self/limits"))(
  "a start whose caller has other limits or another priority than the engine is warned",
  async () => {
    await using rig = new Rig()
    callAs(rig, "ulimit -S -f 1000; exec nice -n 5", ["list"])
    const { data } = (await rig.call(start)).document
    expect(Object(data).warnings).toEqual([
      expect.stringMatching(
        /nice 5 \(the caller: 0\), file size limit \d+ \(the caller: unlimited\)\. .*engine stop/u
      )
    ])
    expect(await rig.data("engine status")).toMatchObject({
      inherited: { nice: "5" },
      differences: [expect.stringContaining("nice 5"), expect.any(String)]
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

test.if(existsSync("/proc/self/limits"))("a batch and a pipeline are warned once", async () => {
  await using rig = new Rig()
  callAs(rig, "exec nice -n 5", ["list"])
  const warned = { warnings: [expect.stringContaining("nice 5 (the caller: 0)")] }
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

test("a start whose caller is as the engine has no warnings", async () => {
  await using rig = new Rig()
  expect(Object((await rig.call(start)).document["data"]).warnings).toBeUndefined()
  expect(await rig.data("engine status")).not.toHaveProperty("differences")
})
