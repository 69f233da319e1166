import { describe, expect, test } from "bun:test"
import {
  dependencyFailure,
  isSatisfied,
  resolveDependents,
  checkDependencies
} from "@backbeat/core/graph/resolveDependents"
import type { DependencyCondition } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as fc from "fast-check"
import * as scenario from "../task/scenario.ts"

const needs = ["success", "failure", "end"] as const
const withdraw: TaskCommand = {
  type: "Withdraw",
  failure: { type: "DependencyFailed", taskId: "root" }
}
const withdrawn = (): Task => scenario.apply(scenario.blocked(), { command: withdraw, at: 50 })
const named = (task: Task, id: string): Task => ({ ...task, id })

describe("a dependency", () => {
  test.each([
    ["completed", scenario.completed(), [true, false, true]],
    ["failed", scenario.failed(), [false, true, true]],
    ["withdrawn because of an earlier failure", withdrawn(), [false, true, true]],
    ["cancelled by a caller", scenario.cancelled(), [false, false, true]]
  ] as const)(
    "that is %s satisfies the right conditions: success, failure, end",
    (_, task, expected) => {
      expect(needs.map((on) => isSatisfied(on, task.state))).toEqual([...expected])
    }
  )

  test("that has not ended leaves every condition open", () => {
    for (const task of [
      scenario.blocked(),
      scenario.queued(),
      scenario.running(),
      scenario.stopping(),
      scenario.retrying()
    ]) {
      expect(needs.map((on) => isSatisfied(on, task.state))).toEqual([null, null, null])
    }
  })
})

describe("a task whose dependency cannot be satisfied", () => {
  test("names that dependency, and the root cause if that was withdrawn itself", () => {
    expect(dependencyFailure(named(scenario.failed(), "build"))).toEqual({
      type: "DependencyFailed",
      taskId: "build"
    })
    expect(dependencyFailure(named(withdrawn(), "test"))).toEqual({
      type: "DependencyFailed",
      taskId: "root",
      through: "test"
    })
  })

  test("fails at once, also while other dependencies have not ended", () => {
    const dependencyState = checkDependencies([
      { task: named(scenario.running(), "slow"), on: "success" },
      { task: named(scenario.failed(), "build"), on: "success" }
    ])
    expect(dependencyState.failure).toEqual({ type: "DependencyFailed", taskId: "build" })
  })
})

describe("a new task", () => {
  test("waits for dependencies that have not ended, and not for satisfied ones", () => {
    const dependencyState = checkDependencies([
      { task: named(scenario.completed(), "done"), on: "success" },
      { task: named(scenario.running(), "slow"), on: "end" },
      { task: named(scenario.failed(), "bad"), on: "failure" }
    ])
    expect(dependencyState).toEqual({ waitsFor: [{ task: "slow", on: "end" }], failure: null })
  })
})

interface Planned {
  readonly id: string
  readonly dependsOn: ReadonlyArray<{ readonly task: string; readonly on: DependencyCondition }>
  /** How its attempt ends, if it gets one. */
  readonly exitCode: number
  /** Whether a caller stops it before it runs. */
  readonly stopped: boolean
}

const plans: fc.Arbitrary<ReadonlyArray<Planned>> = fc
  .array(
    fc.record({
      picks: fc.uniqueArray(fc.tuple(fc.nat(1000), fc.constantFrom(...needs)), {
        maxLength: 4,
        selector: ([pick]) => pick
      }),
      exitCode: fc.constantFrom(0, 0, 0, 1),
      stopped: fc.nat(9).map((dice) => dice === 0)
    }),
    { minLength: 1, maxLength: 30 }
  )
  .map((rows) =>
    rows.map(({ picks, exitCode, stopped }, index) => ({
      id: `t${index}`,
      dependsOn:
        index === 0
          ? []
          : [...new Map(picks.map(([pick, on]) => [`t${pick % index}`, on] as const))].map(
              ([task, on]) => ({ task, on })
            ),
      exitCode,
      stopped
    }))
  )

/** Runs a graph as the engine does; `choose` picks which of the released tasks ends next. */
const run = (planned: ReadonlyArray<Planned>, choose: (count: number) => number) => {
  const tasks = new Map<string, Task>()
  const waits = new Map<string, Map<string, DependencyCondition>>()
  const released = new Map<string, ReadonlyMap<string, Task>>()
  const put = (task: Task): Task => (tasks.set(task.id, task), task)
  const wave = (ended: Task): void => {
    const dependents = [...waits].flatMap(([id, its]) => {
      const on = its.get(ended.id)
      return on === undefined ? [] : [{ id, on }]
    })
    const resolved = resolveDependents(ended, dependents)
    for (const id of resolved.satisfied) {
      waits.get(id)?.delete(ended.id)
      if (waits.get(id)?.size === 0) release(id)
    }
    const unsatisfiable = resolved.unsatisfiable.flatMap((id) => tasks.get(id) ?? [])
    for (const { id } of unsatisfiable) waits.delete(id)
    const command: TaskCommand = { type: "Withdraw", failure: dependencyFailure(ended) }
    for (const task of unsatisfiable.map((each) => put(scenario.apply(each, { command, at: 1 }))))
      wave(task)
  }
  const release = (id: string): void => {
    waits.delete(id)
    released.set(id, new Map(tasks))
    const task = tasks.get(id)
    if (task?.state.status === "blocked")
      put(scenario.apply(task, { command: scenario.release, at: 1 }))
  }
  for (const { id, dependsOn } of planned) {
    put({ ...(dependsOn.length === 0 ? scenario.queued() : scenario.blocked()), id })
    if (dependsOn.length > 0) waits.set(id, new Map(dependsOn.map(({ task, on }) => [task, on])))
    else released.set(id, new Map())
  }
  for (;;) {
    const ready = planned.filter(({ id }) => tasks.get(id)?.state.status === "queued")
    const next = ready[choose(ready.length)]
    const task = next === undefined ? undefined : tasks.get(next.id)
    if (next === undefined || task === undefined) return { tasks, released }
    const steps = next.stopped
      ? [{ command: scenario.stop, at: 2 }]
      : [
          { command: scenario.open, at: 2 },
          { command: scenario.end(scenario.exitAt(3, next.exitCode)), at: 3 }
        ]
    wave(put(steps.reduce(scenario.apply, task)))
  }
}

const statuses = (tasks: ReadonlyMap<string, Task>) =>
  [...tasks].map(([id, { state }]) => [id, state.status])

const always = (
  check: (planned: ReadonlyArray<Planned>, picks: ReadonlyArray<number>) => void
): void =>
  fc.assert(fc.property(plans, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), check), {
    numRuns: 300
  })
const picking = (picks: ReadonlyArray<number>) => {
  let turn = 0
  return (count: number) => (count === 0 ? 0 : (picks[turn++ % picks.length] ?? 0) % count)
}

describe("every graph of tasks", () => {
  test("releases a task only if all of its conditions are satisfied", () => {
    always((planned, picks) => {
      const { released } = run(planned, picking(picks))
      for (const { id, dependsOn } of planned) {
        const then = released.get(id)
        if (then === undefined) continue
        for (const { task, on } of dependsOn)
          expect(isSatisfied(on, then.get(task)?.state ?? scenario.blocked().state)).toBe(true)
      }
    })
  })

  test("leaves no task blocked forever", () => {
    always((planned, picks) => {
      const { tasks } = run(planned, picking(picks))
      for (const { state } of tasks.values()) expect(isFinal(state.status)).toBe(true)
    })
  })

  test("has the same result in any order of ends", () => {
    always((planned, picks) => {
      expect(statuses(run(planned, picking(picks)).tasks)).toEqual(
        statuses(run(planned, () => 0).tasks)
      )
    })
  })

  test("names as the root cause a task that was not withdrawn itself", () => {
    always((planned, picks) => {
      const { tasks } = run(planned, picking(picks))
      for (const { state } of tasks.values()) {
        if (state.status !== "cancelled" || state.failure?.type !== "DependencyFailed") continue
        const root = tasks.get(state.failure.taskId)
        expect(root?.state.status === "cancelled" && root.state.failure !== null).toBe(false)
      }
    })
  })
})
