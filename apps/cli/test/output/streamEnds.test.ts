/** The ends of a stream of lines: its reader goes, a line matches, enough lines came, the time is over. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

const silent = { id: "x", script: "echo one; echo two; exec sleep 60" }

describe("a stream of lines", () => {
  test("ends when its reader has closed it, even if nothing more is written", async () => {
    await using rig = new Rig()
    await rig.data("start", silent)
    const pipeline = `'${binary}' logs '{"id":"x","follow":true}' --stream | head -n 2`
    const child = Bun.spawn(["sh", "-c", pipeline], {
      env: rig.environment(),
      stdout: "pipe",
      stderr: "pipe"
    })
    // The shell waits for both sides of the pipe.
    expect((await new Response(child.stdout).text()).match(/"text":"(?:one|two)"/gu)).toHaveLength(
      2
    )
    expect(await child.exited).toBe(0)
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "running" })
  })

  test("ends after the awaited line, and after a number of lines", async () => {
    await using rig = new Rig()
    await rig.data("start", silent)
    const texts = async (more: object, flags: ReadonlyArray<string> = []) => {
      const { exitCode, stdout } = await rig.call([
        "logs",
        JSON.stringify({ id: "x", follow: true, ...more }),
        "--stream",
        ...flags
      ])
      return { exitCode, texts: [...stdout.matchAll(/"text":"(\w+)"/gu)].map(([, text]) => text) }
    }
    expect(await texts({ until: "^two$" })).toEqual({ exitCode: 0, texts: ["one", "two"] })
    expect(await texts({ count: 1 })).toEqual({ exitCode: 0, texts: ["one"] })
    expect(await texts({ until: "^two$", count: 1 })).toEqual({ exitCode: 0, texts: ["one"] })
    expect(await texts({}, ["--timeout", "0.3"])).toEqual({ exitCode: 0, texts: ["one", "two"] })
  })

  test("fails if the awaited line does not come in time, or can no longer come", async () => {
    await using rig = new Rig()
    await rig.data("start", silent)
    const late = await rig.call([
      "logs",
      '{"id":"x","follow":true,"until":"three"}',
      "--stream",
      "--timeout",
      "0.3"
    ])
    expect(late).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("TaskWaitTimedOut") })
    await rig.data("stop", { id: "x", force: true })
    const over = await rig.call(["logs", '{"id":"x","follow":true,"until":"three"}', "--stream"])
    expect(over).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("IllegalTransition")
    })
    expect(await rig.call(["logs", '{"id":"x","until":"("}', "--stream"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("until")
    })
  })
})
