import { describe, expect, test } from "bun:test"
import { mkdirSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { readClaim } from "../../src/process/Claim.ts"
import { identify, isAlive } from "../../src/process/Identity.ts"
import { inspectAttempt } from "../../src/process/inspectAttempt.ts"
import { sendStdin } from "../../src/process/stdin.ts"
import { signalProcess } from "../../src/process/posix.ts"
import type { StopSignal } from "../../src/process/stopTree.ts"
import { stopTree } from "../../src/process/stopTree.ts"
import { makeSetClock, startAt } from "../SetClock.ts"
import type { Attempt } from "./AttemptRig.ts"
import {
  AttemptRig,
  engineProgram,
  exited,
  openAndDie,
  pidOf,
  remainsOf,
  signalled
} from "./AttemptRig.ts"

const hour = 3_600_000

/** The real clock, and how long the sleeps were that have come to their end, as they were asked for. */
const countingClock = async () => {
  const real = await Effect.runPromise(Effect.clockWith(Effect.succeed))
  let slept = 0
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe(),
    currentTimeMillis: real.currentTimeMillis,
    currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe(),
    currentTimeNanos: real.currentTimeNanos,
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) =>
      Effect.andThen(
        real.sleep(duration),
        Effect.sync(() => void (slept += Duration.toMillis(duration)))
      )
  }
  return { clock, sleptMs: () => slept }
}

const stop = async (
  { tree }: Pick<Attempt, "tree">,
  graceMs: number,
  stopSignal: StopSignal = "SIGTERM"
): Promise<void> => {
  await Effect.runPromise(stopTree(tree, { stopSignal, graceMs }))
  expect(await remainsOf({ tree })).toEqual([])
}

describe("stopping an obedient task", () => {
  test("takes no grace period, and hardly ever waits for a time to pass", async () => {
    await using rig = new AttemptRig()
    const waitedMs: Array<number> = []
    for (let round = 0; round < 7; round++) {
      const attempt = rig.sh("echo started >$STEPS; exec sleep 1000")
      await rig.step()
      const { clock, sleptMs } = await countingClock()
      const stopping = stopTree(attempt.tree, { stopSignal: "SIGTERM", graceMs: hour })
      await Effect.runPromise(Effect.provideService(stopping, Clock.Clock, clock))
      waitedMs.push(sleptMs())
      expect(await attempt.ended).toMatchObject({ record: { end: signalled("SIGTERM") } })
    }
    // What was asked may end late on a busy machine, and is looked at again after 1, 2, 4... ms; where no event came, it would be a quarter of a second.
    const [, , , median = 0] = waitedMs.toSorted((one, other) => one - other)
    expect(median).toBeLessThan(100)
  })

  for (const signal of ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) {
    test(`can be asked with ${signal}, and is recorded as ended by it`, async () => {
      await using rig = new AttemptRig()
      const attempt = rig.sh("echo started >$STEPS; exec sleep 1000")
      await rig.step()
      await stop(attempt, hour, signal)
      expect(await attempt.ended).toMatchObject({ record: { end: signalled(signal) } })
    })
  }

  test("lets it end in its own way", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh(
      "trap 'echo cleaned; exit 9' TERM; echo started >$STEPS; while :; do sleep 1000 & wait; done"
    )
    await rig.step()
    await stop(attempt, hour)
    expect(await attempt.ended).toMatchObject({ record: { end: exited(9) } })
    expect(rig.stdout(attempt)).toBe("cleaned\n")
  })

  test("asks what the command started after it was asked and left behind", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("trap 'sleep 1000 & exit 9' TERM; echo started >$STEPS; read go <$GATE")
    await rig.step()
    await stop(attempt, hour)
    expect(await attempt.ended).toMatchObject({ record: { end: exited(9) } })
  })

  test("works at whatever instant of its start", async () => {
    await using rig = new AttemptRig()
    for (let round = 0; round < 40; round++) {
      const attempt = rig.open({ argv: ["sleep", "1000"] })
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate)
      await stop(attempt, hour)
      expect((await attempt.ended).kind).not.toBe("alive")
    }
  })

  test("keeps its stdin open until it ended", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const script =
      "trap 'echo asked >$STEPS; read line; echo \"got $line\"; exit 0' TERM; echo started >$STEPS; read go <$GATE"
    const attempt = rig.sh(script, { stdin: { kind: "open" } })
    await rig.step()
    const stopped = stop(attempt, hour)
    expect(await rig.step()).toBe("asked")
    await Effect.runPromise(sendStdin(attempt.dir, "the last line\n"))
    await stopped
    expect(rig.stdout(attempt)).toBe("got the last line\n")
  })

  test("with an open stdin needs no grace period either, whoever of engine and shim was killed", async () => {
    await using rig = new AttemptRig()
    const whole = rig.sh("echo started >$STEPS; exec cat", { stdin: { kind: "open" } })
    await rig.step()
    await stop(whole, hour)
    expect(await whole.ended).toMatchObject({ record: { end: signalled("SIGTERM") } })
    const tree = rig.tree()
    await openAndDie(rig, tree, { stdin: "open", script: "echo started >$STEPS; exec sleep 1000" })
    await rig.step()
    const claim = readClaim(tree.dir)
    if (claim.kind !== "shim" || claim.identity === null) throw new Error("not claimed")
    signalProcess(claim.pid, "SIGKILL")
    while (isAlive(claim.identity)) await new Promise(setImmediate)
    await stop({ tree }, hour)
  })
})

describe("stopping a task that resists", () => {
  test("kills at the deadline what ignores the signal, and no sooner", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("trap '' TERM; echo started >$STEPS; while :; do sleep 1000; done")
    await rig.step()
    const began = performance.now()
    await stop(attempt, 150)
    expect(performance.now() - began).toBeGreaterThanOrEqual(150)
    expect(await attempt.ended).toMatchObject({
      kind: "ended",
      record: { end: signalled("SIGKILL") }
    })
  })

  test("kills a stubborn child although the leader obeyed and is gone", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh(`
      trap 'exit 0' TERM
      sh -c 'trap "" TERM; echo child $$ >$STEPS; while :; do sleep 1000; done' &
      wait`)
    const child = Number((await rig.step()).split(" ")[1])
    const stopped = stop(attempt, 300)
    expect(await attempt.ended).toMatchObject({ record: { end: exited(0) } })
    expect(await remainsOf(attempt)).toContain(child)
    await stopped
    while (identify(child) !== null) await new Promise(setImmediate)
  })

  test("kills the group although the shim is long dead", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("trap '' TERM; echo started >$STEPS; while :; do sleep 1000; done")
    await rig.step()
    signalProcess(pidOf(attempt), "SIGKILL")
    while (identify(pidOf(attempt)) !== null) await new Promise(setImmediate)
    await stop(attempt, 100)
    expect(await attempt.ended).toMatchObject({ kind: "gone" })
  })

  test("kills 200 processes, half of them in sessions of their own", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh(`
      trap '' TERM
      i=0
      while [ $i -lt 100 ]; do sleep 1000 & setsid sh -c 'echo up; exec sleep 1000' >$STEPS & i=$((i+1)); done
      wait`)
    for (let up = 0; up < 100; up++) await rig.step()
    expect((await remainsOf(attempt)).length).toBeGreaterThanOrEqual(200)
    await stop(attempt, 100)
    // The shim is spared for a fifth of a second, in which a busy machine may not come to it: then there is no record.
    const ended = await attempt.ended
    if (ended.kind === "ended")
      expect(ended).toMatchObject({ record: { end: signalled("SIGKILL") } })
    else expect(ended.kind).toBe("gone")
  }, 20_000)

  test("goes on where an interrupted stop left", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh(
      "trap 'echo asked >$STEPS' TERM; echo started >$STEPS; while :; do sleep 1000 & wait; done"
    )
    await rig.step()
    const first = Effect.runFork(stopTree(attempt.tree, { stopSignal: "SIGTERM", graceMs: hour }))
    expect(await rig.step()).toBe("asked")
    await Effect.runPromise(Fiber.interrupt(first))
    expect(inspectAttempt(attempt.dir)).toMatchObject({ kind: "alive", shimAlive: true })
    const began = performance.now()
    await stop(attempt, 250)
    expect(performance.now() - began).toBeGreaterThanOrEqual(250)
  })
})

describe("stopping what left the group", () => {
  const escapes: ReadonlyArray<readonly [string, string]> = [
    ["with its environment and the FIFO", "setsid sh -c 'echo out >$STEPS; exec sleep 1000'"],
    ["with its environment alone", "setsid sh -c 'echo out >$STEPS; exec sleep 1000' 3>&-"],
    [
      "with the FIFO alone",
      "setsid env -i STEPS=$STEPS /bin/sh -c 'echo out >$STEPS; exec sleep 1000'"
    ],
    [
      "with the FIFO elsewhere",
      "setsid env -i STEPS=$STEPS /bin/sh -c 'echo out >$STEPS; exec sleep 1000' 9>&3 3>&-"
    ]
  ]
  for (const [how, escape] of escapes) {
    test(`reaches a grandchild ${how}, and asks it before it kills`, async () => {
      await using rig = new AttemptRig()
      const attempt = rig.sh(`${escape} & wait`)
      await rig.step()
      await stop(attempt, hour)
      expect(await attempt.ended).toMatchObject({ record: { end: signalled("SIGTERM") } })
    })

    test(`reaches a grandchild ${how} after the command ended by itself`, async () => {
      await using rig = new AttemptRig()
      rig.fifo("gate")
      const attempt = rig.sh(`${escape} & read go <$GATE`)
      await rig.step()
      rig.pass("gate")
      expect(await attempt.ended).toMatchObject({ record: { end: exited(0) } })
      expect(await remainsOf(attempt)).toHaveLength(1)
      await stop(attempt, hour)
    })
  }

  test("waits for a grandchild that closed the FIFO and takes its time", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh(
      `setsid sh -c 'trap "echo asked >$STEPS; read go <$GATE; exit" TERM; echo out >$STEPS; while :; do sleep 1000 & wait; done' 3>&- & wait`
    )
    await rig.step()
    const stopped = stop(attempt, hour)
    expect(await rig.step()).toBe("asked")
    await attempt.ended
    expect(await remainsOf(attempt)).not.toEqual([])
    rig.pass("gate")
    await stopped
  })

  test("leaves the neighbours alone: other tasks, other attempts, other homes", async () => {
    await using rig = new AttemptRig()
    const mine = rig.tree()
    const { taskId, home } = mine.mark
    const neighbours = [
      { BACKBEAT_TASK_ID: `${taskId}0` },
      { BACKBEAT_ATTEMPT: "11" },
      { BACKBEAT_HOME: `${home}/x` }
    ].map((differs) =>
      rig.sh("echo up >$STEPS; exec sleep 1000", {
        env: { BACKBEAT_TASK_ID: taskId, BACKBEAT_ATTEMPT: "1", BACKBEAT_HOME: home, ...differs }
      })
    )
    const attempt = rig.open({ argv: ["/bin/sh", "-c", "echo up >$STEPS; exec sleep 1000"] }, mine)
    for (let up = 0; up < 4; up++) await rig.step()
    await stop(attempt, hour)
    for (const { dir } of neighbours)
      expect(inspectAttempt(dir)).toMatchObject({ kind: "alive", shimAlive: true })
  })

  test("never counts the engine that looks, even if it carries the mark itself", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo up >$STEPS; exec sleep 1000")
    await rig.step()
    const engine = Bun.spawnSync({
      cmd: [process.execPath, "run", engineProgram, "remains", attempt.dir],
      env: rig.envOf(attempt.tree)
    })
    const { self, found } = JSON.parse(engine.stdout.toString())
    expect(found).toEqual(await remainsOf(attempt))
    expect(found).toHaveLength(2)
    expect(found).not.toContain(self)
  })
})

test("stopping an attempt that has not begun rules it out", async () => {
  await using rig = new AttemptRig()
  const tree = rig.tree()
  mkdirSync(tree.dir)
  await Effect.runPromise(stopTree(tree, { stopSignal: "SIGTERM", graceMs: hour }))
  expect(inspectAttempt(tree.dir)).toEqual({
    kind: "notSpawned",
    message: "stopped before its command started"
  })
  expect(rig.open({ argv: ["true"] }, tree).opened).toEqual({ kind: "claimed" })
})

describe("the grace period of a stop", () => {
  for (const [how, jumpMs] of [
    ["forward", 2 * hour],
    ["back", -2 * hour]
  ] as const) {
    test(`is as long as it was asked for when the clock is set ${how} meanwhile`, async () => {
      await using rig = new AttemptRig()
      const attempt = rig.sh("trap '' TERM; echo started >$STEPS; while :; do sleep 1000; done")
      await rig.step()
      const turn = Effect.promise(() => new Promise(setImmediate))
      await Effect.gen(function* () {
        const { clock, jump, pass, timers } = yield* makeSetClock
        const stopping = yield* stopTree(attempt.tree, {
          stopSignal: "SIGTERM",
          graceMs: hour
        }).pipe(Effect.provideService(Clock.Clock, clock), Effect.forkChild)
        // It has begun, and its first look is still to come.
        yield* Effect.yieldNow
        jump(jumpMs)
        while (timers.waiting === 0) yield* turn
        yield* pass(hour - 1)
        for (let turns = 0; turns < 20; turns++) yield* turn
        expect(inspectAttempt(attempt.dir)).toMatchObject({ kind: "alive", shimAlive: true })
        expect(stopping.pollUnsafe()).toBeUndefined()
        while (stopping.pollUnsafe() === undefined) {
          yield* pass(1)
          yield* turn
        }
        // Much less than what the hands were set by.
        expect(Number(yield* clock.monotonicTimeNanos) / 1e6 - startAt).toBeLessThan(hour + 60_000)
      }).pipe(Effect.scoped, Effect.runPromise)
      expect(await attempt.ended).toMatchObject({ record: { end: signalled("SIGKILL") } })
    })
  }
})
