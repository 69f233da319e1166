/** Converts a payload of `pipeline create` into payloads of `start` that depend on each other. */
import { callOf, sentence } from "@backbeat/contract/Text"
import {
  problem,
  type Problem,
  withChange,
  withTry,
  atField,
  within
} from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Dependency } from "@backbeat/core/task/Dependency"
import * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import { arrange } from "./dependencies.ts"
import { dependsOnOf } from "./shortForms.ts"
import { wrongField } from "../call/wrongField.ts"

/**
 * One task of a pipeline: a payload of `start`, and its path in the pipeline's payload, such as
 * `steps[2]`.
 */
export interface PipelineItem {
  readonly path: string
  readonly input: StartInput & { readonly id: string }
}

/**
 * The tasks of a pipeline in the order of the payload; `order` are their places in an order in
 * which they can run.
 */
export interface PipelineItems {
  readonly items: ReadonlyArray<PipelineItem>
  readonly order: ReadonlyArray<number>
}

/**
 * Puts the path of a task before the path of its problem. Removes `try`, because it would be a call
 * for that task alone.
 */
export const problemOfTask = (path: string, rejection: Problem): Problem => {
  const { try: _, ...rest } = rejection
  return within(path, rest)
}

type Shared = Omit<PipelineInput, "id" | "name" | "steps" | "tasks">

type GivenTask = Exclude<NonNullable<PipelineInput["tasks"]>[number], string>

/** A task of the payload; only tasks of a DAG have `dependsOn`. */
interface Given {
  readonly path: string
  readonly input: GivenTask
}

const givenAs =
  (field: string) =>
  (input: GivenTask | string, index: number): Given => ({
    path: `${field}[${index}]`,
    input: typeof input === "string" ? { script: input } : input
  })

/** The tasks of a payload. A text is a script. */
const givenIn = ({ steps = [], tasks = [] }: PipelineInput): ReadonlyArray<Given> => [
  ...steps.map(givenAs("steps")),
  ...tasks.map(givenAs("tasks"))
]

/** The ids of the tasks, if none of them is taken. */
export const idsOf = (id: string, input: PipelineInput): ReadonlyArray<string> =>
  givenIn(input).map(({ input: { key } }, index) => `${id}.${key ?? index + 1}`)

/** The keys of the tasks that have one. */
export const keysOf = (input: PipelineInput): ReadonlyArray<string> =>
  givenIn(input).flatMap(({ input: { key } }) => key ?? [])

/**
 * Agent fields of the pipeline only apply to prompts. A model belongs to an agent, so a prompt with
 * another agent does not get it.
 */
const agentOf = (shared: Shared, { prompt, agent }: GivenTask) => {
  if (prompt === undefined) return {}
  const own = agent === undefined || agent === shared.agent
  return Struct.pick(shared, own ? ["agent", "model", "systemPrompt"] : ["systemPrompt"])
}

const withShared = (shared: Shared, own: GivenTask): StartInput => ({
  ...Struct.pick(shared, ["cwd", "priority", "queue", "tags"]),
  ...agentOf(shared, own),
  ...Struct.omit(own, ["key"]),
  ...(shared.env === undefined ? {} : { env: { ...shared.env, ...own.env } })
})

const oneOf = "Use steps for a chain, or tasks for any other order."

const wrongFields = (input: PipelineInput, given: ReadonlyArray<Given>): Problem | null => {
  const { steps, tasks } = input
  if (steps === undefined && tasks === undefined) return wrongField("steps", "is missing", oneOf)
  if (steps !== undefined && tasks !== undefined)
    return wrongField("tasks", "cannot be combined with steps", oneOf)
  const forPrompts = (["agent", "model", "systemPrompt"] as const).find(
    (field) => input[field] !== undefined
  )
  if (forPrompts !== undefined && given.every(({ input: { prompt } }) => prompt === undefined)) {
    return withChange(
      wrongField(forPrompts, "requires a prompt, and no task has one", "Remove this field."),
      { [forPrompts]: undefined }
    )
  }
  return null
}

const duplicateKey = (given: ReadonlyArray<Given>): Problem | null => {
  const paths = new Map<string, string>()
  for (const {
    path,
    input: { key }
  } of given) {
    if (key === undefined) continue
    const first = paths.get(key)
    if (first !== undefined)
      return problemOfTask(
        path,
        wrongField(
          "key",
          `is also the key of ${first}: ${key}`,
          "Use a different key for each task."
        )
      )
    paths.set(key, path)
  }
  return null
}

/** What a dependency may name in its call: keys, and ids of new tasks. */
interface Names {
  readonly given: ReadonlyArray<Given>
  readonly byKey: ReadonlyMap<string, string>
  readonly ids: ReadonlySet<string>
}

const keyIsMissing = (field: string, name: string, { path, input: { key } }: Given): Problem =>
  key === undefined
    ? wrongField(
        field,
        `${name} is the name of ${path}, not a key`,
        `Add "key": ${JSON.stringify(name)} to ${path}.`
      )
    : wrongField(
        field,
        `${name} is the name of ${path}, not its key`,
        `Use its key: ${JSON.stringify(key)}.`
      )

/** Resolves a key, the id of a new task or that of an existing one to an id. */
const resolve = (
  name: string,
  field: string,
  { given, byKey, ids }: Names
): Result.Result<string, Problem> => {
  const id = byKey.get(name)
  if (id !== undefined) return Result.succeed(id)
  const named = ids.has(name) ? undefined : given.find(({ input }) => input.name === name)
  return named === undefined ? Result.succeed(name) : Result.fail(keyIsMissing(field, name, named))
}

/** The dependencies of a task, by id. */
const resolved = (
  input: GivenTask,
  names: Names
): Result.Result<Pick<StartInput, "dependsOn" | "continueFrom">, Problem> =>
  Result.gen(function* () {
    const { dependsOn, continueFrom } = input
    const ids: Array<Dependency | string> = []
    for (const [index, each] of dependsOnOf({ dependsOn }).entries()) {
      const name = typeof each === "string" ? each : each.task
      const task = yield* resolve(name, `dependsOn[${index}]`, names)
      ids.push(typeof each === "string" ? task : { ...each, task })
    }
    return {
      ...(dependsOn === undefined ? {} : { dependsOn: ids }),
      ...(continueFrom === undefined
        ? {}
        : { continueFrom: yield* resolve(continueFrom, "continueFrom", names) })
    }
  })

/**
 * Builds the tasks of a pipeline with these ids. Fails with CommandInputError that names the field,
 * and with DependencyCycle.
 */
export const itemsOf = (
  ids: ReadonlyArray<string>,
  payload: PipelineInput
): Result.Result<PipelineItems, Problem> =>
  Result.gen(function* () {
    const given = givenIn(payload)
    const rejected = wrongFields(payload, given) ?? duplicateKey(given)
    if (rejected !== null) return yield* Result.fail(rejected)
    const byKey = new Map(
      given.flatMap(({ input: { key } }, index) =>
        key === undefined ? [] : [[key, ids[index] ?? key] as const]
      )
    )
    const names: Names = { given, byKey, ids: new Set(ids) }
    const items: Array<PipelineItem> = []
    for (const [index, { path, input }] of given.entries()) {
      const before = payload.steps === undefined ? undefined : ids[index - 1]
      const waits = yield* Result.mapError(resolved(input, names), (rejection) =>
        problemOfTask(path, rejection)
      )
      const chained = before === undefined ? {} : { dependsOn: [before] }
      items.push({
        path,
        input: { ...withShared(payload, input), ...waits, ...chained, id: ids[index] ?? path }
      })
    }
    const keys = new Map([...byKey].map(([key, id]) => [id, key]))
    const { order, rejected: cycles } = arrange(
      items.map((item) => item.input),
      ({ id = "" }) => keys.get(id) ?? id
    )
    const [cyclic] = cycles
    if (cyclic === undefined) return { items, order }
    const [place, cycle] = cyclic
    return yield* Result.fail(problemOfTask(items[place]?.path ?? "tasks", cycle))
  })

/** Rejects the id of an existing pipeline and suggests `restart`. */
export const pipelineExists = (id: string, status: string): Problem =>
  withTry(
    atField(
      "id",
      problem(
        "IllegalTransition",
        `pipeline ${id} exists and is ${status}`,
        sentence`Use ${callOf("restart")} to run it again. For a new pipeline, use another id, or remove id to get a new one.`,
        { id, status }
      )
    ),
    "restart",
    { id }
  )
