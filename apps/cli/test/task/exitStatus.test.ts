import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const codeOf = async (rig: Rig, args: ReadonlyArray<string>, calling = {}): Promise<number> =>
  (await rig.call([...args, "--exit-status"], calling)).exitCode
const start = (payload: object): ReadonlyArray<string> => [
  "start",
  JSON.stringify(payload),
  "--wait"
]
const steps = (last: string): string => JSON.stringify({ steps: ["true", last] })

describe("--exit-status", () => {
  test("is the exit code of a single task", async () => {
    await using rig = new Rig()
    for (const [payload, code] of [
      [{ command: "true" }, 0],
      [{ script: "exit 7" }, 7],
      [{ script: "exit 3", successExitCodes: [3] }, 3],
      [{ script: "kill -9 $$" }, 137],
      [{ command: "no-such-command" }, 127],
      [{ script: "sleep 60", timeout: 1000 }, 143],
      [{ script: "sleep 60", stallTimeoutMs: 100 }, 143],
      [{ script: "echo up; sleep 60", readyWhen: { log: "up" } }, 0]
    ] as const) {
      expect([payload, await codeOf(rig, start(payload))]).toEqual([payload, code])
    }
    await rig.data("start", { id: "x", script: "sleep 60" })
    await rig.data("stop", { id: "x" })
    expect(await codeOf(rig, ["wait", "x"])).toBe(143)
  })

  test("is 1 for a server that completed without being ready, and the answer says so", async () => {
    await using rig = new Rig()
    const never = { script: "echo bye", readyWhen: { log: "up" } }
    const ended = await rig.call([...start(never), "--exit-status"])
    expect([ended.exitCode, ended.document]).toMatchObject([
      1,
      { data: { task: { status: "completed", exitCode: 0 }, neverReady: true } }
    ])
    const port = { script: "true", readyWhen: { port: 1 } }
    expect(await codeOf(rig, start(port))).toBe(1)
    const batch = await rig.call(["start", JSON.stringify([{ ...never, id: "x" }]), "--wait"])
    expect(batch.document).toMatchObject({
      data: {
        outcome: "failed",
        counts: { completed: 1 },
        results: [{ id: "x", status: "completed", neverReady: true }]
      }
    })
    const short = await rig.call([
      ...start({ script: "echo up", readyWhen: { log: "up" } }),
      "--exit-status"
    ])
    expect([short.exitCode, short.stdout.includes("neverReady")]).toEqual([0, false])
    expect(await codeOf(rig, ["wait", "x"])).toBe(0)
  })

  test("is 0 when all of several tasks completed", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      [
        { id: "a", command: "true" },
        { id: "b", script: "exit 7" }
      ],
      ["--wait"]
    )
    expect(await codeOf(rig, ["wait", '["a"]'])).toBe(0)
    expect(await codeOf(rig, ["wait", '["a","b"]'])).toBe(1)
    expect(await codeOf(rig, ["pipeline", "create", steps("true"), "--wait"])).toBe(0)
    expect(await codeOf(rig, ["pipeline", "create", steps("exit 7"), "--wait"])).toBe(1)
  })

  test("is 124 when the wait timed out, and 125 when the call was rejected", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "sleep 60" })
    expect(await codeOf(rig, ["wait", "x", "--timeout", "0.05"])).toBe(124)
    expect(await codeOf(rig, ["wait", "none"])).toBe(125)
    expect(await codeOf(rig, start({ comand: "true" }))).toBe(125)
    expect(await codeOf(rig, ["start", '{"command":"true"}'])).toBe(125)
    expect(await codeOf(rig, ["wait", "x", "--nonsense"])).toBe(125)
    expect(await codeOf(rig, ["wait", "@/none"])).toBe(125)
    expect(await codeOf(rig, ["wait", "x", "--home", "/dev/null/x"])).toBe(125)
    expect((await rig.call(["wait", "none"])).exitCode).toBe(1)
  })
})
