import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { Rig } from "../Rig.ts"
import { enginesOf, isAlive } from "../processes.ts"
import { atLine } from "./Shown.ts"

const idleExitMs = 300

/** A rig whose engines exit soon. */
const hasty = (): Rig =>
  new (class extends Rig {
    override environment(more = {}) {
      return super.environment({ BACKBEAT_IDLE_EXIT_MS: String(idleExitMs), ...more })
    }
  })()

/** Ends when the process is gone; null when it is there after three times the idle time. */
const goneMs = async (pid: number): Promise<number | null> => {
  const begunAt = performance.now()
  while (isAlive(pid)) {
    if (performance.now() - begunAt > idleExitMs * 4) return null
    await Bun.sleep(5)
  }
  return performance.now() - begunAt
}

describe("an idle engine", () => {
  test("exits after its idle time, and the next call finds all tasks", async () => {
    await using rig = hasty()
    await rig.task("start", { id: "t", script: "echo hi; exit 3" }, ["--wait"])
    const [engine] = enginesOf(rig.home)
    expect(await goneMs(engine ?? 0)).not.toBeNull()
    expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "failed", exitCode: 3 })
  })
})

describe("an engine stays", () => {
  const cases: ReadonlyArray<readonly [string, (rig: Rig) => Promise<unknown>]> = [
    ["while a task runs", (rig) => rig.data("start", { id: "t", command: "sleep", args: ["60"] })],
    [
      "while a task waits for its time",
      (rig) => rig.data("start", { id: "t", script: ":", delayMs: 60_000 })
    ],
    [
      "while a task waits for its next attempt",
      (rig) =>
        rig.data("start", {
          id: "t",
          script: "exit 1",
          restart: { when: "on-failure", delayMs: 60_000, maxAttempts: 3 }
        })
    ],
    [
      "while somebody follows the events",
      async (rig) =>
        void (rig.spawn(["events", '{"follow":true}', "--stream"]), await rig.data("list"))
    ]
  ]
  for (const [title, prepare] of cases) {
    test.concurrent(title, async () => {
      await using rig = hasty()
      await prepare(rig)
      const [engine] = enginesOf(rig.home)
      expect(engine).toBeDefined()
      expect(await goneMs(engine ?? 0)).toBeNull()
      expect(enginesOf(rig.home)).toEqual([engine ?? 0])
    })
  }

  test("until the last follower has disconnected", async () => {
    await using rig = hasty()
    const follower = rig.spawn(["events", '{"follow":true}', "--stream"])
    await rig.data("start", { id: "t", script: ":" }, ["--wait"])
    const [engine] = enginesOf(rig.home)
    expect(await goneMs(engine ?? 0)).toBeNull()
    follower.kill("SIGKILL")
    await follower.exited
    expect(await goneMs(engine ?? 0)).not.toBeNull()
  })
})

const trapping = { script: "trap : TERM; while :; do sleep 0.05; done", gracePeriodMs: 1000 }

const decodeTasks = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String, attempt: Schema.Int }))
)

/** Whether each stop and restart has been asked for, and the last task was started. */
const isUnderWay = async (rig: Rig): Promise<boolean> => {
  const tasks = decodeTasks((await rig.data("list"))["tasks"])
  const isAsIt = ({ id, status, attempt }: (typeof tasks)[number]): boolean =>
    ["stubborn", "again", "anew", "p.1", "p.2"].includes(id) &&
    attempt === 1 &&
    (status === "running" || (id === "anew" && status === "completed"))
  return tasks.some(({ id }) => id === "waited") && !tasks.some(isAsIt)
}

test("an engine exits even if all its waiting callers were killed", async () => {
  await using rig = hasty()
  await rig.data("start", [
    { id: "long", command: "sleep", args: ["1.5"] },
    { id: "stubborn", ...trapping },
    { id: "again", ...trapping, script: `[ $BACKBEAT_ATTEMPT = 2 ] && exit 0; ${trapping.script}` },
    { id: "anew", script: "[ $BACKBEAT_ATTEMPT = 1 ] || sleep 1.5" }
  ])
  await rig.data("pipeline create", { id: "p", tasks: [trapping, trapping] })
  const engine = await rig.engine()
  const calls = [
    ["wait", "long"],
    ["wait", '{"ids":["long","stubborn"]}'],
    ["start", '{"id":"waited","command":"sleep","args":["1.5"]}', "--wait"],
    ["stop", "stubborn"],
    ["restart", "again"],
    ["restart", "anew", "--wait"],
    ["pipeline", "cancel", "p"]
  ]
  const callers = calls.map((args) => rig.spawn(args))
  // What the calls ask for must be under way. That a call waits is told by nothing: one that comes later finds its caller gone all the same.
  while (!(await isUnderWay(rig))) await Bun.sleep(20)
  for (const caller of callers) caller.kill("SIGKILL")
  await Promise.all(callers.map((caller) => caller.exited))
  while (isAlive(engine)) await Bun.sleep(5)
})

/** How often the main thread of a process gave the processor away by itself. */
const switchesOf = (pid: number): number =>
  Number(
    /^voluntary_ctxt_switches:\s*(\d+)$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  )

test("an engine whose tasks are idle only does the runtime's housekeeping, at most once a second", async () => {
  await using rig = new Rig()
  for (const id of ["a", "b", "c"]) {
    await rig.data("start", { id, script: "echo up; sleep 60" })
    await atLine(rig, id, "up")
  }
  const [engine] = enginesOf(rig.home)
  // What is left to do behind an answer may take its time on a busy machine: some second after it must be quiet.
  const seconds: Array<number> = []
  while (seconds.length < 12 && !seconds.some((switches) => switches < 6)) {
    const before = switchesOf(engine ?? 0)
    await Bun.sleep(1000)
    // Each collection hands over between two threads and back.
    seconds.push(switchesOf(engine ?? 0) - before)
  }
  expect(Math.min(...seconds)).toBeLessThan(6)
})
