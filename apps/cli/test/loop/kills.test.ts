/** Loops whose engine is killed with SIGKILL, again and again: each iteration runs once and is evaluated once. */
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"
import { Rig } from "../Rig.ts"
import { LoopRig } from "./LoopRig.ts"

const linesOf = (path: string): ReadonlyArray<string> =>
  existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []

const statusOf = Schema.decodeUnknownSync(
  Schema.Struct({ data: Schema.Struct({ loop: Schema.Struct({ status: Schema.String }) }) })
)

/** Kills the engine at random moments until the loop has ended. What it was doing is done by the next one. */
const killUntilEnded = async (
  rig: LoopRig,
  random: SeededRandom,
  withinMs: number
): Promise<number> => {
  for (let kills = 0; ; kills++) {
    await Bun.sleep(random.below(withinMs))
    await rig.killEngine()
    const got = statusOf(await rig.callHere("loop get", { id: "l" }))
    if (got.data.loop.status === "completed") return kills
  }
}

/** What the parts of each iteration have written themselves, beside what the loop tells of it. */
const judge = async (rig: LoopRig, count: number): Promise<void> => {
  const ran = linesOf(join(rig.scratch, "ran"))
  const evaluated = linesOf(join(rig.scratch, "evaluated"))
  const numbers = Array.from({ length: count }, (_, index) => String(index + 1))
  const iterations = await rig.iterations("l")
  expect(iterations.map(({ number }) => String(number))).toEqual(numbers)
  expect(ran).toEqual(numbers)
  const told = iterations.flatMap(({ number, result, reason = "" }) =>
    result === "crash" && reason.includes("lost") ? [] : [String(number)]
  )
  expect(evaluated.filter((number) => told.includes(number))).toEqual(told)
  expect(new Set(evaluated).size).toBe(evaluated.length)
}

/** Ends when the history of the loop has the text. */
const seen = async (rig: LoopRig, wanted: string): Promise<void> => {
  const child = rig.spawn(["events", '{"loopId":"l","follow":true}', "--stream"])
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream()))
    if (text.includes(wanted)) break
  child.kill()
}

const loopIn = (rig: LoopRig) => ({
  id: "l",
  strategy: "optimize",
  evalDirection: "maximize",
  script: `echo $BACKBEAT_ITERATION >>'${rig.scratch}/ran'; echo $BACKBEAT_ITERATION >score`,
  exitCondition: `echo $BACKBEAT_ITERATION >>'${rig.scratch}/evaluated'; cat score`,
  maxIterations: 12,
  maxConsecutiveFailures: 0
})

describe("a loop whose engine is killed again and again", () => {
  test.each([1, 2])(
    "runs each iteration once, and evaluates it once (seed %p)",
    async (seed) => {
      await using rig = new LoopRig()
      await rig.loop("loop create", loopIn(rig))
      expect(await killUntilEnded(rig, new SeededRandom(seed), 60)).toBeGreaterThan(2)
      await judge(rig, 12)
    },
    120_000
  )

  test.each([1, 2])(
    "does so in a worktree, from the best commit each time (seed %p)",
    async (seed) => {
      await using rig = new LoopRig()
      rig.repository({ score: "0\n" })
      await rig.loop("loop create", { ...loopIn(rig), maxIterations: 6, git: { worktree: true } })
      expect(await killUntilEnded(rig, new SeededRandom(seed), 400)).toBeGreaterThan(2)
      await judge(rig, 6)
      const iterations = await rig.iterations("l")
      const kept = iterations.filter(({ result }) => result === "keep")
      expect(rig.git(["log", "--format=%H", "--reverse", "main..backbeat/l"]).split("\n")).toEqual(
        kept.map(({ commit = "" }) => commit)
      )
      for (const { number, commit } of kept)
        expect(rig.git(["show", `${commit}:score`])).toBe(String(number))
    },
    120_000
  )

  test("keeps its commits when it is cancelled by the next engine", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    await rig.loop("loop create", {
      ...loopIn(rig),
      script: "echo $BACKBEAT_ITERATION >score; [ $BACKBEAT_ITERATION -lt 3 ] || exec sleep 300",
      git: { worktree: true }
    })
    await seen(rig, '"number":3')
    await rig.killEngine()
    expect(await rig.loop("loop cancel", { id: "l" })).toMatchObject({ status: "cancelled" })
    await rig.data("loop clean", { id: "l", discard: true })
    const iterations = await rig.iterations("l")
    expect(iterations.map(({ result }) => result)).toEqual(["keep", "keep", "stopped"])
    expect(rig.git(["log", "--format=%H", "--reverse", "main..backbeat/l"]).split("\n")).toEqual(
      iterations.slice(0, 2).map(({ commit = "" }) => commit)
    )
  }, 60_000)
})

describe("a copy of a home with a loop", () => {
  test("ends the loop there, and touches neither its task nor its worktree", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    const waiting = { ...loopIn(rig), script: "exec sleep 300", git: { worktree: true } }
    await rig.loop(
      "loop create",
      { ...loopIn(rig), id: "k", maxIterations: 1, git: { worktree: true } },
      ["--wait"]
    )
    await rig.loop("loop create", waiting)
    await seen(rig, "loop.iteration.started")
    await rig.data("wait", { id: "l.1", for: "start" })
    const home = join(rig.scratch, "copy")
    expect(Bun.spawnSync(["cp", "-a", rig.home, home]).exitCode).toBe(0)
    await using copy = new Rig(home)
    expect((await copy.data("loop get", { id: "l" }))["loop"]).toMatchObject({
      status: "failed",
      reason: `this home is a copy of ${rig.home}`
    })
    const refused = await copy.refusal(["loop", "clean", '{"id":"k","discard":true}'])
    expect(refused.message).toContain("is of another home")
    const { git } = await rig.loop("loop get", { id: "k" })
    expect(existsSync(git?.path ?? "")).toBe(true)
    expect(await rig.loop("loop get", { id: "l" })).toMatchObject({ status: "running" })
    expect(await rig.task("status", { id: "l.1" })).toMatchObject({ status: "running" })
  }, 60_000)
})

describe("an engine with nothing to do but to wait for a loop", () => {
  test("does not exit, and begins the next iteration when its cooldown is over", async () => {
    await using rig = new LoopRig()
    const env = { ...rig.agents.env, BACKBEAT_IDLE_EXIT_MS: "50" }
    const loop = {
      id: "l",
      strategy: "retry",
      script: "true",
      exitCondition: "[ $BACKBEAT_ITERATION = 2 ]",
      cooldown: 700
    }
    await rig.loop("loop create", loop, [], env)
    const pid = await rig.enginePid()
    const done = await rig.loop("loop get", { id: "l" }, [], env)
    expect(done.status).toBe("running")
    const { document } = await rig.call(["wait", '{"loopId":"l"}'], { env })
    expect(document).toMatchObject({ data: { loop: { status: "completed", iterations: 2 } } })
    expect(await rig.enginePid()).toBe(pid)
  }, 30_000)
})
