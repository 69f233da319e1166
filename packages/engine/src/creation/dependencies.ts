/** Resolves the `dependsOn` of payloads: orders them and finds the state of their dependencies. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { problem, type Problem, withTry, atField } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { nearest } from "@backbeat/contract/nearest"
import { order } from "@backbeat/core/graph/order"
import { checkDependencies } from "@backbeat/core/graph/resolveDependents"
import type { Dependency } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import { wasStarted } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { dependsOnOf } from "./shortForms.ts"
import { wrongField } from "../call/wrongField.ts"
import { once } from "../wiring/once.ts"

/**
 * The dependencies of a payload, including the task that it continues from. Fails with
 * CommandInputError for a duplicate.
 */
export const dependenciesOf = (
  input: StartInput
): Result.Result<ReadonlyArray<Dependency>, Problem> => {
  const { continueFrom } = input
  const given = dependsOnOf(input).map((each): Dependency =>
    typeof each === "string" ? { task: each, on: "success" } : each
  )
  for (const [index, { task }] of given.entries()) {
    if (given.findIndex((each) => each.task === task) < index) {
      return Result.fail(
        wrongField(`dependsOn[${index}]`, `is a duplicate of ${task}`, "Name each task once.")
      )
    }
  }
  if (continueFrom === undefined || given.some(({ task }) => task === continueFrom))
    return Result.succeed(given)
  return given.length === 100
    ? Result.fail(
        wrongField(
          "continueFrom",
          "exceeds the limit of 100 dependencies",
          "Remove one of the dependencies in dependsOn."
        )
      )
    : Result.succeed([...given, { task: continueFrom, on: "success" }])
}

const idsOf = (input: StartInput): ReadonlyArray<string> => [
  ...dependsOnOf(input).map((each) => (typeof each === "string" ? each : each.task)),
  ...(input.continueFrom === undefined ? [] : [input.continueFrom])
]

const dependencyCycle = (cycle: ReadonlyArray<string>): Problem =>
  problem(
    "DependencyCycle",
    `the dependencies form a cycle: ${cycle.join(" -> ")}`,
    "Remove one of these dependencies.",
    { cycle }
  )

/** The payloads of a call, each after its dependencies, and those rejected because of a cycle. */
export interface DependencyOrder {
  readonly order: ReadonlyArray<number>
  readonly rejected: ReadonlyMap<number, Problem>
}

/**
 * Orders payloads by their dependencies on each other. A payload without an id cannot be depended
 * on. `nameOf` is the name of a payload in the message about a cycle.
 */
export const arrange = (
  inputs: ReadonlyArray<StartInput>,
  nameOf = ({ id = "" }: StartInput): string => id
): DependencyOrder => {
  if (inputs.every((input) => idsOf(input).length === 0))
    return { order: [...inputs.keys()], rejected: new Map() }
  // A second payload with the same id is the same task. What depends on the id comes after both.
  const byId = new Map<string, Array<string>>()
  inputs.forEach(({ id }, index) => {
    if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), String(index)])
  })
  const arranged = order(
    inputs.map((input, index) => ({
      id: String(index),
      dependsOn: idsOf(input).flatMap((id) => byId.get(id) ?? [])
    }))
  )
  const rejected = [...arranged.cycles].map(([index, cycle]) => {
    const names = cycle.flatMap((each) => inputs.slice(Number(each), Number(each) + 1).map(nameOf))
    return [Number(index), dependencyCycle(names)] as const
  })
  return { order: arranged.order.map(Number), rejected: new Map(rejected) }
}

const dependencyNotFound = (id: string, path: string, near: string | null): Problem => {
  const missing = problem(
    "DependencyNotFound",
    `task not found: ${id}`,
    near === null
      ? sentence`Start that task first, or in the same call. Run ${callOf("list")} to see the task ids.`
      : `Did you mean ${near}?`
  )
  const atDependency = { ...atField(path, missing), id }
  return near === null ? withTry(atDependency, "list", {}) : atDependency
}

/** Builds the functions that find the state of dependencies. Fails with DependencyNotFound. */
export const makeDependencyStates = once(
  Effect.gen(function* () {
    const store = yield* TaskStore

    const suggest = Effect.fnUntraced(function* (id: string) {
      const { tasks } = yield* store.list({}, { limit: 100 })
      return nearest(
        id,
        tasks.map((task) => task.id)
      )
    })

    /**
     * The state of these dependencies. `seen` caches tasks within one call, because none changes
     * after another task of the call depends on it. `given` is how many of them the payload named
     * in `dependsOn`.
     */
    const dependencyState = Effect.fnUntraced(function* (
      dependsOn: ReadonlyArray<Dependency>,
      seen: Map<string, Task>,
      given = dependsOn.length
    ) {
      const found = yield* Effect.forEach(dependsOn, ({ task: id, on }, index) =>
        Effect.gen(function* () {
          const task = seen.get(id) ?? (yield* store.find(id))
          if (task !== null) seen.set(id, task)
          if (task !== null) return { task, on }
          const path = index < given ? `dependsOn[${index}]` : "continueFrom"
          return yield* Effect.fail(dependencyNotFound(id, path, yield* suggest(id)))
        })
      )
      return checkDependencies(found)
    })

    /**
     * The state of the dependencies of an ended task that is restarted. Ignores dependencies that
     * were pruned since it ran.
     */
    const dependencyStateAgain = Effect.fnUntraced(function* (task: Task) {
      const { dependsOn } = task.spec
      if (!wasStarted(task.state)) return yield* dependencyState(dependsOn, new Map())
      const found = yield* Effect.forEach(dependsOn, ({ task: id, on }) =>
        Effect.map(store.find(id), (dependency) =>
          dependency === null ? [] : [{ task: dependency, on }]
        )
      )
      return checkDependencies(found.flat())
    })

    /** Fails if one of these is neither stored nor created in the same call. */
    const checkKnown = Effect.fnUntraced(function* (
      dependsOn: ReadonlyArray<Dependency>,
      toBe: ReadonlySet<string>
    ) {
      for (const [index, { task: id }] of dependsOn.entries()) {
        if (toBe.has(id) || (yield* store.find(id)) !== null) continue
        return yield* Effect.fail(dependencyNotFound(id, `dependsOn[${index}]`, yield* suggest(id)))
      }
    })

    return { dependencyState, dependencyStateAgain, checkKnown }
  })
)
