import { describe, expect, test } from "bun:test"
import { isAccepted, accepts } from "@backbeat/core/loop/accepts"
import { decide } from "@backbeat/core/loop/decide"
import { evolve } from "@backbeat/core/loop/evolve"
import { Loop, loopDueAt, type LoopStatus, loopStatuses } from "@backbeat/core/loop/Loop"
import { type LoopCommand, loopCommandTypes } from "@backbeat/core/loop/LoopCommand"
import type { LoopSpec } from "@backbeat/core/loop/LoopSpec"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { done, exited, git, optimize, retry, someone, Story } from "./scenario.ts"

const pass = exited(0)
const fail = exited(1)
const score = (value: number | string) => exited(0, String(value))
const pause: LoopCommand = { type: "Pause", force: false, reason: null }
const cancel: LoopCommand = { type: "Cancel", reason: "enough", cancelTasks: true }
const ring: LoopCommand = { type: "Ring" }

describe("a retry loop", () => {
  test("ends as completed with the first evaluation that passes", () => {
    const story = new Story().round(fail).round(fail).round(pass)
    expect([story.status, story.reason, story.results]).toEqual([
      "completed",
      null,
      ["fail", "fail", "pass"]
    ])
  })

  test("fails at maxIterations, which counts what was not good yet", () => {
    const story = new Story({ maxIterations: 4 }).round(fail).round(fail).round(fail)
    expect(story.status).toBe("running")
    story.round(fail)
    expect([story.status, story.reason]).toEqual(["failed", "maxIterations 4 was reached"])
  })

  test("fails after maxConsecutiveFailures crashes in a row, and a failed evaluation is none", () => {
    const story = new Story({ maxIterations: 0 })
      .round(exited(127))
      .round(exited(127))
      .round(fail)
      .round(exited(127))
      .begin()
      .work({ how: "failed", message: "exited with code 2" })
    expect(story.status).toBe("running")
    story.round(exited(126))
    expect(story.status).toBe("failed")
    expect(story.reason).toContain("3 crashes in a row")
    expect(story.results).toEqual(["crash", "crash", "fail", "crash", "crash", "crash"])
  })

  test("does not evaluate what somebody stopped, and goes on", () => {
    const story = new Story({ maxIterations: 2 }).begin().work({ how: "stopped", message: null })
    expect([story.status, story.step, story.results]).toEqual(["running", "ready", ["stopped"]])
    expect(story.loop.progress.crashesInRow).toBe(0)
    expect(story.round(fail).status).toBe("failed")
  })

  test("says how long it has changed nothing, by what the work tree holds", () => {
    const story = new Story({ maxIterations: 3 }, 1000, "t0")
      .round(fail, { tree: "t1" })
      .round(fail, { tree: "t1" })
    expect(story.iterations.map(({ changed }) => changed)).toEqual([true, false])
    const same = new Story({ maxIterations: 3 }, 1000, "t0")
    for (const _ of [1, 2, 3]) same.round(fail, { tree: "t0" })
    expect(same.reason).toBe(
      "maxIterations 3 was reached; its last 3 iterations changed no tracked file"
    )
  })

  test("takes an agent that did nothing at all for a crash", () => {
    const story = new Story({}, 1000, "t0").begin().work({ isEmpty: true, tree: "t0" })
    expect(story.results).toEqual(["crash"])
    expect(new Story({}, 1000, "t0").begin().work({ isEmpty: true, tree: "t1" }).step).toBe(
      "unevaluated"
    )
  })
})

describe("an optimizing loop", () => {
  test("keeps what is strictly better, the first score being the one to beat", () => {
    const story = new Story(optimize({}, { maxIterations: 5 }))
    for (const each of [3, 3, 5, 4, 6]) story.round(score(each))
    expect(story.results).toEqual(["keep", "discard", "keep", "discard", "keep"])
    expect([story.status, story.loop.progress.best]).toEqual([
      "completed",
      { iteration: 5, score: 6, commit: null }
    ])
  })

  test("ends when the target is reached", () => {
    const story = new Story(optimize({ direction: "minimize", targetScore: 10 }))
    story.round(score(12)).round(score(10))
    expect([story.status, story.reason]).toEqual(["completed", "targetScore 10 was reached"])
  })

  test("ends after so many in a row that kept nothing", () => {
    const story = new Story(optimize({ patience: 2 }))
    story.round(score(5)).round(score(4)).round(exited(1)).round(score(5))
    expect([story.status, story.results]).toEqual([
      "completed",
      ["keep", "discard", "crash", "discard"]
    ])
  })

  test("fails at a bound when it has never had a score", () => {
    const story = new Story(optimize({}, { maxIterations: 1 })).round(score("12abc"))
    expect([story.status, story.results]).toEqual(["failed", ["crash"]])
  })

  test("takes the median of its repeats, and one that fails is a crash", () => {
    const story = new Story(optimize({ evalRepeats: 3 })).begin().work()
    story.judge(score(9)).judge(score(1)).judge(score(5))
    expect(story.iterations[0]).toMatchObject({ result: "keep", score: 5, scores: [9, 1, 5] })
    story.begin().work().judge(score(9)).judge(exited(2))
    expect(story.results).toEqual(["keep", "crash"])
  })

  test("evaluates the untouched start first when a baseline is wanted", () => {
    const story = new Story(optimize({ baseline: true }))
    expect(story.step).toBe("unevaluated")
    story.judge(score(8))
    expect(story.iterations[0]).toMatchObject({ number: 0, taskId: null, result: "keep" })
    story.round(score(7))
    expect(story.results).toEqual(["keep", "discard"])
    expect(story.loop.progress.iterations).toBe(1)
  })
})

describe("a bound", () => {
  test("of time ends an iteration that runs, and is seen by the alarm", () => {
    const story = new Story({ maxDurationMs: 500 }).begin()
    expect(loopDueAt(story.loop)).toBe(1500)
    story.tell(ring)
    expect(story.status).toBe("running")
    story.tell(ring, 1000)
    expect([story.status, loopDueAt(story.loop)]).toEqual(["stopping", null])
    story.work({ how: "stopped", message: null })
    expect([story.status, story.reason]).toEqual(["failed", "maxDurationMs 500 is over"])
  })

  test("of time does not count a pause", () => {
    const story = new Story({ maxDurationMs: 500 }).tell(pause).tell({ type: "Resume" }, 5000)
    expect(loopDueAt(story.loop)).toBe(1000 + 5000 + 500)
  })

  test("of cost is looked at between two iterations", () => {
    const story = new Story({ maxCostUsd: 1 }).round(fail, { costUsd: 0.6 })
    expect(story.status).toBe("running")
    expect(story.round(fail, { costUsd: 0.6 }).reason).toBe("maxCostUsd 1 is spent")
  })

  test("of a usage limit is waited for, longer each time, and counts nothing", () => {
    const story = new Story()
    const limited = { how: "limited", message: "no quota", costUsd: null } as const
    const waits = [1, 2, 3].map(() => {
      story.begin().work(limited)
      const due = (loopDueAt(story.loop) ?? 0) - story.at
      story.tell(ring, due)
      return due
    })
    expect(waits).toEqual([300_000, 600_000, 1_200_000])
    expect([story.step, story.loop.progress.iterations, story.results]).toEqual(["ready", 0, []])
    story.begin().work({ ...limited, limitedUntil: story.at + 77_000 })
    expect(loopDueAt(story.loop)).toBe(story.at - 10 + 77_000)
    expect(story.tell(ring, 90_000).round(fail).loop.progress.limited).toBeNull()
  })

  test("of a usage limit ends a loop that is not to wait", () => {
    const story = new Story({ onUsageLimit: "fail" }).begin().work({ how: "limited" })
    expect([story.status, story.results]).toEqual(["failed", ["crash"]])
  })
})

describe("between two iterations", () => {
  test("the cooldown passes, and not before it", () => {
    const story = new Story({ cooldown: 1000 }).round(fail)
    expect([story.step, loopDueAt(story.loop)]).toEqual(["waiting", story.at + 1000])
    expect(story.tell(ring, 999).step).toBe("waiting")
    expect(story.tell(ring, 1).step).toBe("ready")
  })

  test("a loop is paused at once, and goes on where it was", () => {
    const story = new Story({ cooldown: 1000 }).round(fail).tell(pause)
    expect([story.status, loopDueAt(story.loop)]).toEqual(["paused", null])
    expect([story.tell({ type: "Resume" }).status, story.step]).toEqual(["running", "ready"])
  })

  test("what is refused for a while is tried again, and what is refused for good is a crash", () => {
    const story = new Story({ maxConsecutiveFailures: 2 })
    story.tell({ type: "Refuse", message: "too many tasks", isPassing: true })
    expect([story.step, story.results]).toEqual(["waiting", []])
    story.tell(ring, 60_000).tell({ type: "Refuse", message: "no agent", isPassing: false })
    expect([story.step, story.results]).toEqual(["waiting", ["crash"]])
    story.tell(ring, 60_000).tell({ type: "Refuse", message: "no agent", isPassing: false })
    expect([story.status, story.results]).toEqual(["failed", ["crash", "crash"]])
  })
})

describe("a pause", () => {
  test("lets the iteration end and be evaluated", () => {
    const story = new Story().begin().tell(pause)
    expect(story.status).toBe("pausing")
    story.work().judge(fail)
    expect([story.status, story.results]).toEqual(["paused", ["fail"]])
  })

  test("by force cuts the iteration off, which counts as stopped", () => {
    const story = new Story()
      .begin()
      .tell(pause)
      .tell({ ...pause, force: true })
    story.work({ how: "stopped", message: null })
    expect([story.status, story.results]).toEqual(["paused", ["stopped"]])
  })

  test("is over with a pass, which ends the loop", () => {
    const story = new Story().begin().tell(pause).work().judge(pass)
    expect(story.status).toBe("completed")
  })
})

describe("a cancellation", () => {
  test("waits for the end of what it stops", () => {
    const story = new Story().begin().tell(cancel)
    expect(story.status).toBe("stopping")
    story.work({ how: "stopped", message: null })
    expect([story.status, story.reason, story.results]).toEqual([
      "cancelled",
      "enough",
      ["stopped"]
    ])
    expect(story.loop.state).toMatchObject({ by: someone })
  })

  test("without its tasks is done at once", () => {
    const story = new Story().begin().tell({ ...cancel, cancelTasks: false })
    expect(story.status).toBe("cancelled")
  })

  test("of a paused loop is done at once", () => {
    expect(new Story().tell(pause).tell(cancel).status).toBe("cancelled")
  })
})

const prepared = (): Story =>
  new Story(optimize({}, { git })).tell({
    type: "EndPreparing",
    path: "/w",
    branch: "backbeat/l",
    base: "b0"
  })
const saved = (story: Story, commit: string, touched: ReadonlyArray<string> = []) =>
  story
    .begin()
    .work()
    .tell({
      type: "Save",
      number: story.loop.progress.iterations + 1,
      commit,
      changed: true,
      touched
    })
const settled = (story: Story): Story => {
  const step = "step" in story.loop.state ? story.loop.state.step : null
  return story.tell({ type: "Settle", head: step?.kind === "settling" ? step.head : "" })
}

const setup = () =>
  new Story({ git: { ...git, setup: "npm ci" } })
    .tell({ type: "EndPreparing", path: "/w", branch: "backbeat/l", base: "b0" })
    .tell({ type: "BeginSetup", taskId: "l.setup" })

describe("a loop with a worktree", () => {
  test("starts each iteration from the best commit", () => {
    const story = prepared()
    settled(saved(story, "c1").judge(score(5)))
    expect(story.loop.progress.place?.head).toBe("c1")
    settled(saved(story, "c2").judge(score(4)))
    expect(story.loop.progress.place?.head).toBe("c1")
    expect(story.loop.progress.best).toEqual({ iteration: 1, score: 5, commit: "c1" })
    expect(story.iterations.map(({ commit }) => commit)).toEqual(["c1", "c2"])
  })

  test("does not evaluate what changed a protected file", () => {
    const story = saved(prepared(), "c1", ["test/a.test.ts"])
    expect([story.step, story.results]).toEqual(["settling", ["crash"]])
    expect(story.iterations[0]?.reason).toBe("protected files were changed: test/a.test.ts")
  })

  test("ends when what an iteration changed cannot be kept", () => {
    const story = prepared().begin().work().tell({ type: "GiveUp", reason: "git add: disk full" })
    expect([story.status, story.results]).toEqual(["failed", ["crash"]])
  })

  test("sets the worktree up first, and fails when that does", () => {
    const ok = setup().tell({ type: "EndSetup", taskId: "l.setup", failure: null })
    expect([ok.step, ok.loop.progress.place?.isSetUp]).toEqual(["ready", true])
    const bad = setup().tell({ type: "EndSetup", taskId: "l.setup", failure: "exited with code 1" })
    expect([bad.status, bad.reason]).toEqual(["failed", "git.setup exited with code 1"])
  })

  test("finishes what the engine does for it before it is cancelled", () => {
    const story = prepared()
      .begin()
      .work()
      .tell({ ...cancel, cancelTasks: false })
    expect(story.status).toBe("stopping")
    story.tell({ type: "Save", number: 1, commit: "c1", changed: true, touched: [] })
    expect([story.step, story.results]).toEqual(["settling", ["stopped"]])
    expect(settled(story).status).toBe("cancelled")
  })
})

describe("a report", () => {
  test("of what the loop does not wait for any more changes nothing", () => {
    const story = new Story().begin()
    const reports: ReadonlyArray<LoopCommand> = [
      { type: "EndIteration", id: "l.7", end: done },
      { type: "EndEvaluation", taskId: "l.1.eval", end: pass },
      { type: "Save", number: 1, commit: "c", changed: true, touched: [] },
      { type: "Settle", head: "c" },
      { type: "EndPreparing", path: "", branch: "", base: "" },
      { type: "BeginIteration", id: "l.2" },
      { type: "BeginEvaluation", taskId: "l.2.eval" },
      { type: "BeginSetup", taskId: "l.setup" },
      { type: "EndSetup", taskId: "l.setup", failure: null },
      { type: "Refuse", message: "no", isPassing: false }
    ]
    for (const report of reports) story.tell(report)
    expect(story.events.map(({ type }) => type)).toEqual(["loop.iteration.started"])
  })
})

const ends = fc.constantFrom(pass, fail, exited(127), score(1), score(2), {
  ...exited(0),
  stopped: true
})
const works = fc.constantFrom(
  done,
  { ...done, isEmpty: true },
  { ...done, how: "failed" as const },
  { ...done, how: "stopped" as const },
  { ...done, how: "limited" as const }
)

/** What the loop waits for, as the engine reports it. */
const fitting = (loop: Loop): LoopCommand["type"] => {
  const step = "step" in loop.state ? loop.state.step : null
  switch (step?.kind) {
    case "preparing":
      return "EndPreparing"
    case "setup":
      return step.taskId === null ? "BeginSetup" : "EndSetup"
    case "ready":
      return "BeginIteration"
    case "working":
      return "EndIteration"
    case "saving":
      return "Save"
    case "unevaluated":
      return "BeginEvaluation"
    case "evaluating":
      return "EndEvaluation"
    case "settling":
      return "Settle"
    default:
      return "Ring"
  }
}

const often = ["Ring", "Ring", "Ring", "Pause", "Pause", "Refuse", "Refuse"] as const

/** Any command, mostly what the loop waits for. */
const commands: fc.Arbitrary<(loop: Loop) => LoopCommand> = fc
  .record({
    other: fc.constantFrom(...loopCommandTypes, ...often),
    fits: fc.integer({ min: 0, max: 11 }),
    force: fc.boolean(),
    end: ends,
    work: works,
    touched: fc.constantFrom([], ["a"])
  })
  // oxlint-disable-next-line complexity -- one case for each command
  .map(({ other, fits, force, end, work, touched }) => (loop): LoopCommand => {
    const step = "step" in loop.state ? loop.state.step : null
    const type = fits < 8 ? fitting(loop) : fits === 8 ? "Refuse" : other
    const head = step?.kind === "settling" ? step.head : "c"
    const number = step !== null && "worked" in step ? step.worked.number : 0
    const id = step?.kind === "working" ? (step.current.id ?? "") : "l.x"
    const taskId = step !== null && "taskId" in step ? (step.taskId ?? "t") : "t"
    switch (type) {
      case "Pause":
        return { type, force, reason: null }
      case "Cancel":
        return { type, reason: null, cancelTasks: force }
      case "EndPreparing":
        return { type, path: "/w", branch: "b", base: "c" }
      case "GiveUp":
        return { type, reason: "no" }
      case "Refuse":
        return { type, message: "no", isPassing: force }
      case "BeginSetup":
      case "BeginEvaluation":
        return { type, taskId: "t" }
      case "EndSetup":
        return { type, taskId, failure: force ? null : "failed" }
      case "BeginIteration":
        return { type, id: "l.x" }
      case "EndIteration":
        return { type, id, end: work }
      case "Save":
        return { type, number, commit: "c2", changed: force, touched }
      case "EndEvaluation":
        return { type, taskId, end }
      case "Settle":
        return { type, head }
      default:
        return { type }
    }
  })

const specs = fc
  .record({
    of: fc.constantFrom(
      retry,
      optimize({ baseline: true, evalRepeats: 2, patience: 2 }),
      optimize()
    ),
    maxIterations: fc.constantFrom(0, 2),
    maxDurationMs: fc.constantFrom(null, 40, 150, 250),
    maxConsecutiveFailures: fc.constantFrom(1, 3),
    cooldown: fc.constantFrom(0, 5),
    git: fc.constantFrom(null, git, { ...git, setup: "npm ci" })
  })
  .map(({ of, ...fields }): LoopSpec => ({ ...of, ...fields }))

/** Ways that a random walk seldom takes. */
const rare = (): ReadonlyArray<string> => {
  const refuse = { type: "Refuse", message: "no", isPassing: false } as const
  const refused = new Story(optimize({}, { maxIterations: 2 })).round(score(1)).begin()
  const late = new Story(optimize({}, { maxDurationMs: 300 })).round(score(1)).begin().work()
  return [
    ...refused.tell(pause).work().tell(refuse).taken,
    ...late
      .tell({ type: "BeginEvaluation", taskId: "t" })
      .tell(ring, 1000)
      .tell({ type: "EndEvaluation", taskId: "t", end: { ...exited(0), stopped: true } }).taken
  ]
}

describe("the table of what each status accepts", () => {
  test("is what decide does, whatever happens to a loop, and every loop can be stored", () => {
    const reached = new Set(rare())
    const decode = Schema.decodeUnknownSync(Loop)
    fc.assert(
      fc.property(
        specs,
        fc.array(commands, { minLength: 10, maxLength: 40, size: "max" }),
        (spec, all) => {
          let { loop } = new Story(spec)
          for (const [index, make] of all.entries()) {
            const command = make(loop)
            const { status } = loop.state
            const at = 1010 + index * 20
            const decided = decide(command, loop, at)
            expect(Result.isSuccess(decided)).toBe(isAccepted(status, command.type))
            if (Result.isFailure(decided)) continue
            loop = decided.success.reduce(
              (each, event) => evolve(each, event, { at, actor: someone }),
              loop
            )
            const to: Readonly<Record<string, ReadonlyArray<LoopStatus>>> = accepts[status]
            if (decided.success.length > 0) expect(to[command.type]).toContain(loop.state.status)
            reached.add(`${status} ${command.type} ${loop.state.status}`)
            expect(decode(JSON.parse(JSON.stringify(loop)))).toEqual(loop)
          }
        }
      ),
      { numRuns: 12000, seed: 7 }
    )
    const told = loopStatuses.flatMap((from) => {
      const its: Readonly<Record<string, ReadonlyArray<LoopStatus>>> = accepts[from]
      return Object.entries(its).flatMap(([command, to]) =>
        to.map((each) => `${from} ${command} ${each}`)
      )
    })
    expect(told.filter((each) => !reached.has(each))).toEqual([])
  })
})
