import * as Schema from "effect/Schema"
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"
import { Oracle } from "./Oracle.ts"
import { atLine } from "./Shown.ts"
import { enginesOf } from "../processes.ts"

/** How many engines ever served a home, by their log. */
const servedCount = (home: string): number =>
  readFileSync(join(home, "engine.log"), "utf8").split(" serves ").length - 1

const decodeSaid = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ state: Schema.String }))
)

/** Starts the engine role as the CLI does, and gives what it says of its beginning. */
const engineMain = async (rig: Rig): Promise<string> => {
  const child = Bun.spawn(
    [
      "/bin/sh",
      "-c",
      '"$@" &',
      "sh",
      binary,
      "engine-role",
      rig.home,
      join(rig.home, "config.json")
    ],
    {
      env: rig.environment(),
      stdio: ["ignore", "pipe", "ignore"]
    }
  )
  return decodeSaid(await new Response(child.stdout).text()).state
}

describe("fifty calls to a home without an engine", () => {
  test("with different ids are served by one engine, and each task runs once", async () => {
    await using rig = new Rig()
    const oracle = new Oracle(rig.scratch)
    const ids = Array.from({ length: 50 }, (_, index) => `t${index}`)
    const calls = await Promise.all(
      ids.map((id) =>
        rig.call([
          "start",
          JSON.stringify({ id, script: oracle.script(id, { seconds: 0, exitCode: 0 }) }),
          "--wait"
        ])
      )
    )
    expect(calls.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr)).toEqual([])
    expect(ids.map((id) => oracle.attempts(id).length)).toEqual(ids.map(() => 1))
    expect(servedCount(rig.home)).toBe(1)
    expect(enginesOf(rig.home)).toHaveLength(1)
  })

  test('with the same id and ifRunning "return" start it once, and all get it', async () => {
    await using rig = new Rig()
    const oracle = new Oracle(rig.scratch)
    const script = oracle.script("same", { seconds: 30, exitCode: 0 })
    const calls = await Promise.all(
      Array.from({ length: 50 }, () =>
        rig.call(["start", JSON.stringify({ id: "same", script, ifRunning: "return", full: true })])
      )
    )
    for (const { document } of calls) {
      expect(document).toMatchObject({
        ok: true,
        data: { task: { id: "same", attempt: 1, status: "running" } }
      })
    }
    await rig.data("stop", { id: "same", force: true })
    expect(oracle.attempts("same")).toHaveLength(1)
    expect(servedCount(rig.home)).toBe(1)
  })
})

describe("the engine mode", () => {
  test("started ten times at once serves a home once", async () => {
    await using rig = new Rig()
    const said = await Promise.all(Array.from({ length: 10 }, () => engineMain(rig)))
    expect(said.toSorted()).toEqual([...Array.from({ length: 9 }, () => "elsewhere"), "ready"])
    expect(await rig.enginePid()).toBe(enginesOf(rig.home)[0] ?? 0)
    expect(await engineMain(rig)).toBe("elsewhere")
  })

  test("does not pass its lock to tasks", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "on", script: "ls -l /proc/$$/fd; echo up; sleep 60" })
    await atLine(rig, "on", "up")
    const { lines } = await rig.data("logs", { id: "on" })
    expect(JSON.stringify(lines)).not.toMatch(/engine\.|backbeat\.db|socket:/u)
    await rig.killEngine()
    expect(await engineMain(rig)).toBe("ready")
  })
})
