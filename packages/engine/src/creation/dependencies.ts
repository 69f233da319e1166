/** From the `dependsOn` of payloads to where their tasks stand. */
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

/** What a payload depends on; the task that it continues from is among them. Fails with CommandInputError for one that is named twice. */
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

/** The payloads of a call in an order in which each comes behind what it depends on, and those which none can be put before. */
export interface Arrangement {
  readonly order: ReadonlyArray<number>
  readonly refused: ReadonlyMap<number, Problem>
}

/** Arranges payloads by their dependencies on each other. A payload without an id cannot be depended on. `nameOf` is what a cycle calls them. */
export const arrange = (
  inputs: ReadonlyArray<StartInput>,
  nameOf = ({ id = "" }: StartInput): string => id
): Arrangement => {
  if (inputs.every((input) => idsOf(input).length === 0))
    return { order: [...inputs.keys()], refused: new Map() }
  // A second payload of the same id is no other task; what depends on the id goes behind both.
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
  const refused = [...arranged.cycles].map(([index, cycle]) => {
    const names = cycle.flatMap((each) => inputs.slice(Number(each), Number(each) + 1).map(nameOf))
    return [Number(index), dependencyCycle(names)] as const
  })
  return { order: arranged.order.map(Number), refused: new Map(refused) }
}

const dependencyNotFound = (id: string, path: string, near: string | null): Problem => {
  const told = problem(
    "DependencyNotFound",
    `task not found: ${id}`,
    near === null
      ? sentence`Start that task first, or in the same call. Run ${callOf("list")} to see the task ids.`
      : `Did you mean ${near}?`
  )
  const atDependency = { ...atField(path, told), id }
  return near === null ? withTry(atDependency, "list", {}) : atDependency
}

/** Finds where tasks stand; made once. Fails with DependencyNotFound. */
export const makeStandings = once(
  Effect.gen(function* () {
    const store = yield* TaskStore

    const suggest = Effect.fnUntraced(function* (id: string) {
      const { tasks } = yield* store.list({}, { limit: 100 })
      return nearest(
        id,
        tasks.map((task) => task.id)
      )
    })

    /** Of a task that depends on these. `seen` spares a call that stores many tasks from looking one up again: none changes once others of the call depend on it. `given` is how many the payload named in `dependsOn`. */
    const standing = Effect.fnUntraced(function* (
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

    /** Of a task that has ended and is to run again: what it depends on may have been pruned since it began. */
    const standingAgain = Effect.fnUntraced(function* (task: Task) {
      const { dependsOn } = task.spec
      if (!wasStarted(task.state)) return yield* standing(dependsOn, new Map())
      const found = yield* Effect.forEach(dependsOn, ({ task: id, on }) =>
        Effect.map(store.find(id), (dependency) =>
          dependency === null ? [] : [{ task: dependency, on }]
        )
      )
      return checkDependencies(found.flat())
    })

    /** Looks whether all of these are there, or are to be made with it. */
    const checkKnown = Effect.fnUntraced(function* (
      dependsOn: ReadonlyArray<Dependency>,
      toBe: ReadonlySet<string>
    ) {
      for (const [index, { task: id }] of dependsOn.entries()) {
        if (toBe.has(id) || (yield* store.find(id)) !== null) continue
        return yield* Effect.fail(dependencyNotFound(id, `dependsOn[${index}]`, yield* suggest(id)))
      }
    })

    return { standing, standingAgain, checkKnown }
  })
)
