/** Limits: an attempt fails by a limit only if it lasted that long. */
import { decide, withSpawnTime } from "@backbeat/core/task/decide"
import { evolve } from "@backbeat/core/task/evolve"
import type { Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as scenario from "./scenario.ts"

const limitMs = 1000
const failures: Readonly<Record<string, Failure>> = {
  TimedOut: { type: "TimedOut", timeout: limitMs },
  StalledOutput: { type: "StalledOutput", stallTimeout: limitMs },
  NotReady: { type: "NotReady", probe: "log line matching up", output: "no answer yet" }
}
const spec = scenario.specOf({
  timeout: limitMs,
  stallTimeoutMs: limitMs,
  readyWhen: { log: "up", startupTimeoutMs: limitMs }
})

/** Started at 100, spawned at 500. */
const running = withSpawnTime(scenario.running(spec), 500)

const after = (task: Task, command: TaskCommand, at: number): Task =>
  Result.getOrThrow(decide(command, task, at)).reduce(
    (state, event) => evolve(state, event, { at, actor: scenario.other }),
    task
  )

describe.each(Object.entries(failures))("the limit of %s", (type, failure) => {
  const limitAfter = (elapsedMs: number): TaskCommand => ({ type: "Limit", failure, elapsedMs })
  const limit = limitAfter(limitMs)

  test("is rejected before the attempt has lasted that long since its spawn", () => {
    expect(decide(limitAfter(999), running, 1499)).toEqual(
      Result.fail({ _tag: "IllegalTransition", id: running.id, from: "running", command: "Limit" })
    )
    expect(after(running, limit, 1500).state).toMatchObject({ status: "stopping", spawnedAt: 500 })
  })

  test("does not count if the recorded end lies before it", () => {
    const stopping = after(running, limit, 1600)
    expect(after(stopping, scenario.end(scenario.endAt(1100)), 1700).state).toMatchObject({
      status: "completed",
      end: { endedAt: 1100 }
    })
    expect(after(stopping, scenario.end(scenario.exitAt(1100, 4)), 1700).state).toMatchObject({
      failure: { type: "ExitedNonZero", exitCode: 4 }
    })
  })

  test("counts although the file time of the record lags a tick behind the clock", () => {
    const stopping = after(running, limit, 1500)
    expect(after(stopping, scenario.end(scenario.exitAt(1492, 143)), 1505).state).toMatchObject({
      status: "failed",
      failure: { type },
      end: { endedAt: 1500 }
    })
  })

  test("counts the elapsed time, however the wall clock was set meanwhile", () => {
    const stopping = after(running, limitAfter(1200), -3_600_000)
    const ended = { ...scenario.exitAt(-3_599_900, 143), lastedMs: 1300 }
    expect(after(stopping, scenario.end(ended), -3_599_900).state).toMatchObject({
      status: "failed",
      failure: { type },
      end: { endedAt: -3_599_900, lastedMs: 1300 }
    })
    const early = { ...scenario.exitAt(9_000_000, 4), lastedMs: 300 }
    expect(after(stopping, scenario.end(early), 9_000_000).state).toMatchObject({
      failure: { type: "ExitedNonZero" }
    })
  })

  test("is never the failure of a shorter attempt", () => {
    const instants = fc.tuple(fc.nat(800), fc.nat(2500), fc.nat(3000))
    fc.assert(
      fc.property(instants, ([spawnedAfter, limitedAfter, endedAfter]) => {
        const task = withSpawnTime(scenario.running(spec), 100 + spawnedAfter)
        const reached = limitAfter(limitedAfter - spawnedAfter)
        const limited = decide(reached, task, 100 + limitedAfter)
        const stopping = Result.isSuccess(limited) ? after(task, reached, 100 + limitedAfter) : task
        const { state } = after(stopping, scenario.end(scenario.exitAt(100 + endedAfter, 1)), 4000)
        if (state.status !== "failed") throw new Error(`it is ${state.status}`)
        if (state.failure.type === type)
          expect(state.end.endedAt - (100 + spawnedAfter)).toBeGreaterThanOrEqual(limitMs)
        else expect(Result.isFailure(limited) || endedAfter - spawnedAfter < limitMs).toBe(true)
      })
    )
  })
})
