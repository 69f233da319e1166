/** From the payload of `pipeline create` to payloads of `start` that depend on each other. */
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import type { StartInput } from "@backbeat/contract/operation/start"
import * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import { arrange } from "./dependencies.ts"
import { wrongField } from "./View.ts"

/** One task of a pipeline: what `start` takes, and where in the payload it stands, such as `steps[2]`. */
export interface PipelineItem {
  readonly path: string
  readonly input: StartInput & { readonly id: string }
}

/** The tasks of a pipeline as they were given, and the order in which they can run, as places among them. */
export interface PipelineItems {
  readonly items: ReadonlyArray<PipelineItem>
  readonly order: ReadonlyArray<number>
}

/** A problem of one task of a call, with the path of that task before its own. What is right for one task alone is no call for all of them. */
export const within = (path: string, told: Problem): Problem => {
  const { message, details, try: _, ...problem } = told
  const inner = details["path"]
  if (typeof inner !== "string" || !message.startsWith(inner)) {
    return { ...problem, message: `${path}: ${message}`, details: { ...details, path } }
  }
  return { ...problem, message: `${path}.${message}`, details: { ...details, path: `${path}.${inner}` } }
}

type Shared = Omit<PipelineInput, "id" | "name" | "steps" | "tasks">

/** A model belongs to an agent: that of the pipeline is not given to a prompt that names another agent. */
const agentOf = (shared: Shared, { prompt, agent }: StartInput) => {
  if (prompt === undefined) return {}
  return agent === undefined || agent === shared.agent ? Struct.pick(shared, ["agent", "model"]) : {}
}

const withShared = (shared: Shared, own: StartInput): StartInput => ({
  ...Struct.pick(shared, ["cwd", "priority", "queue", "tags"]),
  ...agentOf(shared, own),
  ...own,
  ...(shared.env === undefined ? {} : { env: { ...shared.env, ...own.env } })
})

/** The tasks with their ids; a step depends on the one before. */
const given = (id: string, { steps = [], tasks = [], ...shared }: PipelineInput): ReadonlyArray<PipelineItem> => {
  const named = <A extends StartInput>(input: A, index: number) => ({ ...input, id: input.id ?? `${id}.${index + 1}` })
  const chain = steps.map(named)
  return [
    ...chain.map((input, index) => {
      const before = chain[index - 1]
      const dependsOn = before === undefined ? {} : { dependsOn: [before.id] }
      return { path: `steps[${index}]`, input: { ...withShared(shared, input), ...dependsOn, id: input.id } }
    }),
    ...tasks.map(named).map((input, index) => ({ path: `tasks[${index}]`, input: { ...withShared(shared, input), id: input.id } }))
  ]
}

const oneOf = "Give steps for a chain, or tasks for any other order."

const checked = (input: PipelineInput): Problem | null => {
  const { steps, tasks, agent, model } = input
  if (steps === undefined && tasks === undefined) return wrongField("steps", "is missing", oneOf)
  if (steps !== undefined && tasks !== undefined) return wrongField("tasks", "cannot be given together with steps", oneOf)
  const all: ReadonlyArray<StartInput> = steps ?? tasks ?? []
  if ((agent ?? model) !== undefined && all.every(({ prompt }) => prompt === undefined)) {
    return wrongField(agent === undefined ? "model" : "agent", "goes with a prompt, and no task has one", "Leave it away.")
  }
  return null
}

const twice = (items: ReadonlyArray<PipelineItem>): Problem | null => {
  const paths = new Map<string, string>()
  for (const { path, input } of items) {
    const first = paths.get(input.id)
    if (first !== undefined) return within(path, wrongField("id", `is that of ${first} too: ${input.id}`, "Give each task an id of its own."))
    paths.set(input.id, path)
  }
  return null
}

/** The tasks of a pipeline. Fails with CommandInputError that names the field, and with DependencyCycle. */
export const itemsOf = (id: string, input: PipelineInput): Result.Result<PipelineItems, Problem> => {
  const items = given(id, input)
  const refusal = checked(input) ?? twice(items)
  if (refusal !== null) return Result.fail(refusal)
  const { order, refused } = arrange(items.map((item) => item.input))
  const [cyclic] = refused
  if (cyclic === undefined) return Result.succeed({ items, order })
  const [place, problem] = cyclic
  return Result.fail(within(items[place]?.path ?? "tasks", problem))
}

/** No pipeline may be made under an id that one has. */
export const pipelineExists = (id: string, status: string): Problem => {
  const hint = status === "running" ? "Use another id, or cancel that one first with pipeline cancel." : "Use another id, or leave id away: one is made."
  const message = `id: pipeline ${id} exists, and is ${status}`
  return commandInputError(message, hint, { path: "id", id, status })
}
