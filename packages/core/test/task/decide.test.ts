import { describe, expect, test } from "bun:test"
import { accepts, isAccepted } from "@backbeat/core/task/accepts"
import { decide, withSpawnTime } from "@backbeat/core/task/decide"
import { evolve } from "@backbeat/core/task/evolve"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { Task } from "@backbeat/core/task/Task"
import { type TaskCommand, commandTypes } from "@backbeat/core/task/TaskCommand"
import { spawnedAt, statuses } from "@backbeat/core/task/TaskState"
import * as Result from "effect/Result"
import { given, running } from "./scenario.ts"
import * as scenario from "./scenario.ts"
import { transitions } from "./transitions.ts"

const inStatus = {
  blocked: scenario.blocked(),
  queued: scenario.queued(),
  running: scenario.running(),
  stopping: scenario.stopping(),
  retrying: scenario.retrying(),
  completed: scenario.completed(),
  failed: scenario.failed(),
  cancelled: scenario.cancelled()
}

const commands = {
  Release: scenario.release,
  Withdraw: { type: "Withdraw", failure: { type: "DependencyFailed", taskId: "base" } },
  Open: scenario.open,
  ReportReady: { type: "ReportReady" },
  ReportUnhealthy: { type: "ReportUnhealthy", output: "refused" },
  Stop: scenario.stop,
  Limit: scenario.limit,
  Finish: scenario.finish,
  Postpone: scenario.postpone,
  End: scenario.end(scenario.endAt(400)),
  Retry: scenario.retry,
  EndDelay: scenario.endDelay,
  Restart: scenario.restart
} as const satisfies { readonly [type in TaskCommand["type"]]: TaskCommand }

const apply = (task: Task, command: TaskCommand, at: number) => {
  const events = Result.getOrThrow(decide(command, task, at))
  const after = events.reduce(
    (state, event) => evolve(state, event, { at, actor: scenario.other }),
    task
  )
  return { events, after }
}

const pairs = statuses.flatMap((status) => commandTypes.map((command) => ({ status, command })))
const accepted = pairs.filter(({ status, command }) => isAccepted(status, command))
const rejected = pairs.filter(({ status, command }) => !isAccepted(status, command))

describe("a task", () => {
  test.each(statuses.map((status) => ({ status })))(
    "in a scenario called $status is $status",
    ({ status }) => {
      expect(inStatus[status].state.status).toBe(status)
    }
  )

  test.each([...transitions])("$title", ({ from, command, at, events, state, restartCount }) => {
    const result = apply(from, command, at)
    expect(result.events).toEqual([...events])
    expect(result.after.state).toEqual(state)
    expect(result.after.restartCount).toBe(restartCount ?? from.restartCount)
  })

  test.each(rejected)(
    "that is $status rejects $command with IllegalTransition",
    ({ status, command }) => {
      expect(decide(commands[command], inStatus[status], 400)).toEqual(
        Result.fail({ _tag: "IllegalTransition", id: inStatus[status].id, from: status, command })
      )
    }
  )

  test.each(accepted)("that is $status accepts $command", ({ status, command }) => {
    expect(Result.isSuccess(decide(commands[command], inStatus[status], 400))).toBe(true)
  })
})

describe("the table of accepted commands", () => {
  const rows: Readonly<Record<string, Readonly<Record<string, ReadonlyArray<string>>>>> = accepts
  const listed = Object.entries(rows).flatMap(([status, row]) =>
    Object.entries(row).flatMap(([command, to]) =>
      to.map((reached) => `${status} ${command} ${reached}`)
    )
  )
  const visited = transitions.map(
    ({ from, command, at }) =>
      `${from.state.status} ${command.type} ${apply(from, command, at).after.state.status}`
  )

  test("lists every status that a transition above has reached", () => {
    expect(visited.filter((way) => !listed.includes(way))).toEqual([])
  })

  test("lists no status that no transition above reaches", () => {
    expect(listed.filter((way) => !visited.includes(way))).toEqual([])
  })

  test("has every status and every command", () => {
    expect(Object.keys(accepts)).toEqual([...statuses])
    const used = new Set<string>(accepted.map(({ command }) => command))
    expect(commandTypes.filter((command) => !used.has(command))).toEqual([])
  })
})

describe("an end with isLast", () => {
  const lost = scenario.endAt(400, { kind: "lost", evidence: "elsewhere" })

  test.each([
    {
      title: "running",
      task: running(scenario.specOf({ restart: { ...scenario.twiceAgain, when: "always" } }))
    },
    { title: "stopping", task: scenario.stopping() },
    {
      title: "stopping for another attempt",
      task: given(
        scenario.specOf(),
        { command: scenario.open, at: 100 },
        { command: scenario.restart, at: 200 }
      )
    }
  ])("fails a task that is $title, and no attempt follows", ({ task }) => {
    const { after } = apply(task, { type: "End", end: lost, isLast: true }, 410)
    expect(after.state).toMatchObject({
      status: "failed",
      failure: { type: "Lost", evidence: "elsewhere" }
    })
  })
})

const failingTwice = (resetAfterMs: number, secondEndedAt: number): Task =>
  given(
    scenario.specOf({ restart: { ...scenario.twiceAgain, resetAfterMs } }),
    { command: scenario.open, at: 100 },
    { command: scenario.end(scenario.exitAt(200, 1)), at: 200 },
    { command: scenario.retry, at: 1200 },
    { command: scenario.open, at: 1200 },
    { command: scenario.end(scenario.exitAt(secondEndedAt, 1)), at: secondEndedAt }
  )

describe("an attempt that was spawned after its start was committed", () => {
  const late = withSpawnTime(
    running(scenario.specOf({ restart: { ...scenario.twiceAgain, resetAfterMs: 500 } })),
    400
  )

  test("has the time of its spawn in its events", () => {
    const { events, after } = apply(late, scenario.end(scenario.endAt(700)), 710)
    expect(events).toEqual([{ type: "task.completed", end: scenario.endAt(700), spawnedAt: 400 }])
    expect(spawnedAt(after.state)).toBe(400)
  })

  test("lasts from its spawn: the time before does not count for resetAfterMs", () => {
    expect(apply(late, scenario.end(scenario.exitAt(899, 1)), 900).after.state).toMatchObject({
      status: "retrying",
      tries: 1
    })
    const again = apply(
      apply(apply(late, scenario.end(scenario.exitAt(410, 1)), 410).after, scenario.retry, 2000)
        .after,
      scenario.open,
      2000
    ).after
    const lastedFrom = (at: number, until: number) =>
      apply(withSpawnTime(again, at), scenario.end(scenario.exitAt(until, 1)), until).after.state
    expect(lastedFrom(2300, 2799)).toMatchObject({ status: "retrying", tries: 2 })
    expect(lastedFrom(2300, 2800)).toMatchObject({ status: "retrying", tries: 1 })
  })

  test("does not end before its spawn", () => {
    expect(apply(late, scenario.end(scenario.endAt(399)), 410).after.state).toMatchObject({
      end: { endedAt: 400 }
    })
  })

  test("has no spawn time while that is unknown, or if nothing was spawned", () => {
    expect(spawnedAt(running().state)).toBeNull()
    const none = apply(
      running(),
      scenario.end(scenario.endAt(200, { kind: "notSpawned", message: "no such file" })),
      200
    ).after
    expect(spawnedAt(none.state)).toBeNull()
    expect(spawnedAt(scenario.completed().state)).toBe(100)
  })
})

describe("a task with a restart policy", () => {
  test("waits one delay before its second attempt and two before its third", () => {
    expect(failingTwice(0, 1300).state).toMatchObject({
      status: "retrying",
      attempt: 2,
      tries: 2,
      retryAt: 3300
    })
  })

  test("restarts the count after an attempt that lasted resetAfterMs", () => {
    expect(failingTwice(500, 1700).state).toMatchObject({
      status: "retrying",
      attempt: 2,
      tries: 1,
      retryAt: 2700
    })
    expect(failingTwice(500, 1699).state).toMatchObject({
      status: "retrying",
      attempt: 2,
      tries: 2,
      retryAt: 3699
    })
  })

  test("fails after maxAttempts", () => {
    const third = given(
      scenario.specOf({ restart: { ...scenario.twiceAgain, maxAttempts: 2 } }),
      { command: scenario.open, at: 100 },
      { command: scenario.end(scenario.exitAt(200, 1)), at: 200 },
      { command: scenario.retry, at: 1200 },
      { command: scenario.open, at: 1200 },
      { command: scenario.end(scenario.exitAt(1300, 2)), at: 1300 }
    )
    expect(third.state).toMatchObject({ status: "failed", attempt: 2, failure: { exitCode: 2 } })
    expect(third.restartCount).toBe(1)
  })

  test("is not retried when it could not be spawned", () => {
    const { after } = apply(
      running(scenario.specOf({ restart: scenario.twiceAgain })),
      scenario.end(scenario.endAt(200, { kind: "notSpawned", message: "no such file" })),
      200
    )
    expect(after.state).toMatchObject({
      status: "failed",
      failure: { type: "NotSpawned", message: "no such file" }
    })
  })

  test("that is always restarted starts another attempt after a success, and completes with the last one", () => {
    const always = { ...defaultRestartPolicy, when: "always", maxAttempts: 2 } as const
    const once = apply(
      running(scenario.specOf({ restart: always })),
      scenario.end(scenario.endAt(200)),
      200
    ).after
    expect(once.state).toMatchObject({ status: "retrying", failure: null, retryAt: 1200 })
    const again = apply(apply(once, scenario.retry, 1200).after, scenario.open, 1200).after
    expect(apply(again, scenario.end(scenario.endAt(1300)), 1300).after.state.status).toBe(
      "completed"
    )
  })

  test("is retried after a limit as after any other failure", () => {
    const limited = given(
      scenario.specOf({ restart: scenario.twiceAgain }),
      { command: scenario.open, at: 100 },
      { command: scenario.limit, at: 1100 },
      { command: scenario.end(scenario.exitAt(1200, 0)), at: 1200 }
    )
    expect(limited.state).toMatchObject({
      status: "retrying",
      failure: scenario.timedOut,
      retryAt: 2200
    })
  })

  test("that a caller stops while a limit ends it is cancelled and not retried", () => {
    const stopped = given(
      scenario.specOf({ restart: scenario.twiceAgain }),
      { command: scenario.open, at: 100 },
      { command: scenario.limit, at: 1100 },
      { command: scenario.stop, at: 1150 },
      { command: scenario.end(scenario.exitAt(1200, 143)), at: 1200 }
    )
    expect(stopped.state).toMatchObject({ status: "cancelled", reason: "enough" })
  })
})

describe("another stop", () => {
  test("shortens the time until SIGKILL and never lengthens it", () => {
    const sooner = apply(
      scenario.stopping(),
      { type: "Stop", reason: null, signal: "SIGINT", graceMs: 0 },
      300
    ).after
    expect(sooner.state).toMatchObject({
      killAt: 300,
      signal: "SIGINT",
      reason: "enough",
      since: 200
    })
    const later = apply(
      scenario.stopping(),
      { type: "Stop", reason: "now", signal: "SIGINT", graceMs: 90_000 },
      300
    ).after
    expect(later.state).toMatchObject({ killAt: 5200, reason: "now", by: scenario.other })
  })

  test("turns a restart that is under way into a cancellation", () => {
    const stopped = given(
      scenario.specOf(),
      { command: scenario.open, at: 100 },
      { command: scenario.restart, at: 200 },
      { command: scenario.stop, at: 250 },
      { command: scenario.end(scenario.exitAt(300, 143)), at: 310 }
    )
    expect(stopped.state).toMatchObject({ status: "cancelled", attempt: 1 })
  })
})

describe("a restart", () => {
  test("of a task that was stopped before it ran starts attempt 1", () => {
    const again = given(
      scenario.specOf(),
      { command: scenario.stop, at: 100 },
      { command: scenario.restart, at: 200 },
      { command: scenario.open, at: 300 }
    )
    expect(again.state).toMatchObject({ status: "running", attempt: 1 })
    expect(again.restartCount).toBe(0)
  })

  test("uses the specification given with it, and keeps its notBefore for the next attempt", () => {
    const spec = scenario.specOf({ notBefore: 9000, priority: "P0" })
    const again = given(
      scenario.specOf(),
      { command: scenario.open, at: 100 },
      { command: { type: "Restart", reason: null, spec }, at: 200 },
      { command: scenario.end(scenario.exitAt(300, 143)), at: 310 }
    )
    expect(again.spec).toEqual(spec)
    expect(again.state).toMatchObject({ status: "queued", attempt: 2, notBefore: 9000 })
  })

  test("stops the running attempt with the signal and the grace period of its own specification", () => {
    const spec = scenario.specOf({ stopSignal: "SIGINT", gracePeriodMs: 1 })
    const result = apply(running(), { type: "Restart", reason: null, spec }, 200)
    expect(result.after.state).toMatchObject({ signal: "SIGTERM", killAt: 5200 })
  })

  test("ignores a notBefore that has passed", () => {
    const spec = scenario.specOf({ notBefore: 50 })
    const again = given(
      spec,
      { command: scenario.open, at: 100 },
      { command: scenario.restart, at: 200 },
      { command: scenario.end(scenario.exitAt(300, 143)), at: 310 }
    )
    expect(again.state).toMatchObject({ status: "queued", notBefore: null })
  })
})

describe("a report of a probe", () => {
  test("changes nothing for a task without a probe", () => {
    expect(apply(running(), { type: "ReportReady" }, 200).events).toEqual([])
    expect(apply(running(), { type: "ReportUnhealthy", output: "" }, 200).events).toEqual([])
  })

  test("with an unchanged health changes nothing", () => {
    const ready = apply(
      running(scenario.specOf({ readyWhen: { log: "up" } })),
      { type: "ReportReady" },
      200
    ).after
    expect(apply(ready, { type: "ReportReady" }, 300).events).toEqual([])
    const sick = apply(ready, { type: "ReportUnhealthy", output: "refused" }, 300).after
    expect(apply(sick, { type: "ReportUnhealthy", output: "refused" }, 400).events).toEqual([])
    expect(apply(sick, { type: "ReportReady" }, 400).after.state).toMatchObject({ health: "ready" })
  })
})
