/**
 * The kinds of work that a schedule can start, in one list: which payloads are of it, and how one is started in a transaction. Another
 * kind, such as a loop, is another entry.
 */
import { decodePayload } from "@backbeat/contract/decodePayload"
import { type PipelineInput, pipelineCreate } from "@backbeat/contract/operation/pipeline"
import { start, type StartInput } from "@backbeat/contract/operation/start"
import type { Problem } from "@backbeat/contract/Problem"
import type { Run } from "@backbeat/core/schedule/Tick"
import { type Lineage, noLineage } from "@backbeat/core/task/TaskSpec"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import { wrongField } from "../call/wrongField.ts"
import type { HandlerError } from "../call/Call.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Settings } from "../configuration/Settings.ts"
import { makeCreateTask, type CreationContext } from "../creation/createTask.ts"
import { makeStorePipeline } from "../creation/pipelineCreation.ts"
import type { ScheduleEnvironment } from "../home/ScheduleEnvironment.ts"
import { once } from "../wiring/once.ts"

/** How long a scheduled task may run when nobody says otherwise, in milliseconds. */
export const scheduledTimeoutMs = 1_800_000

/** The payload of what is started: fields of `schedule create`, without the values of variables. */
export type Payload = Readonly<Record<string, unknown>>

/** One run that is to be started. */
export interface NewRun {
  readonly id: string
  readonly payload: Payload
  readonly given: ScheduleEnvironment["given"]
  readonly source: NonNullable<Lineage["source"]>
}

/** Names the kind of a payload; the engine and the contract say the same. */
export const kindOf = (payload: Payload): string =>
  "steps" in payload || "tasks" in payload ? "pipeline" : "task"

/** How many tasks a payload starts. */
export const stepCountOf = ({ steps, tasks }: Payload): number => {
  const several = steps ?? tasks
  return Array.isArray(several) ? several.length : 1
}

/** The fields that several tasks share. */
const shared: ReadonlyArray<string> = [
  "steps",
  "tasks",
  "cwd",
  "agent",
  "model",
  "systemPrompt",
  "priority",
  "queue",
  "tags",
  "env",
  "name",
  "timeout"
]

/** A field that does not go with steps or tasks; null when there is none. */
export const strayField = (payload: Payload): Problem | null => {
  if (kindOf(payload) !== "pipeline") return null
  const stray = Object.keys(payload).find((name) => !shared.includes(name))
  const field = "steps" in payload ? "steps" : "tasks"
  return stray === undefined
    ? null
    : wrongField(
        stray,
        `cannot be combined with ${field}`,
        `Put it into each of ${field}, or remove it.`
      )
}

const timeoutOf = (payload: Payload, configured: number | null): unknown =>
  payload["timeout"] ?? (configured === null ? scheduledTimeoutMs : undefined)

const present = (fields: Payload): Payload =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const isRecord = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Each of several with its variables and its time limit. */
const several = (field: string, { payload, given }: NewRun, timeout: unknown): Payload => {
  const all = payload[field]
  if (!Array.isArray(all)) return {}
  const items: ReadonlyArray<unknown> = all
  return {
    [field]: items.map((item, index) => {
      const fields = isRecord(item) ? item : { script: item }
      return present({ timeout, ...fields, env: given[`${field}[${index}]`] })
    })
  }
}

/** The payload of `start` that a run of a task stands for. Fails with CommandInputError. */
export const startInputOf = (
  run: NewRun,
  timeout: number | null
): Result.Result<StartInput, Problem> =>
  decodePayload(
    start,
    present({
      ...run.payload,
      timeout: timeoutOf(run.payload, timeout),
      env: run.given[""],
      id: run.id
    })
  )

/** The payload of `pipeline create` that a run of several tasks stands for. Fails with CommandInputError. */
export const pipelineInputOf = (
  run: NewRun,
  timeout: number | null
): Result.Result<PipelineInput, Problem> => {
  const limit = timeoutOf(run.payload, timeout)
  return decodePayload(
    pipelineCreate,
    present({
      ...Struct.omit(run.payload, ["timeout"]),
      ...several("steps", run, limit),
      ...several("tasks", run, limit),
      env: run.given[""],
      id: run.id
    })
  )
}

/** Starts runs in a transaction; made once. Fails with what refuses the run. */
export const makeStartRun = once(
  Effect.gen(function* () {
    const settings = yield* Settings
    const createTask = yield* makeCreateTask
    const storePipeline = yield* makeStorePipeline

    const startTask = Effect.fnUntraced(function* (
      tx: FullTx,
      run: NewRun,
      context: CreationContext
    ) {
      const input = yield* Effect.fromResult(startInputOf(run, settings.current().timeout))
      const lineage = { ...noLineage, source: run.source }
      const { id } = yield* createTask(tx, { input, index: 0, lineage }, context)
      return { kind: "task", id }
    })

    const startPipeline = Effect.fnUntraced(function* (
      tx: FullTx,
      run: NewRun,
      context: CreationContext
    ) {
      const input = yield* Effect.fromResult(pipelineInputOf(run, settings.current().timeout))
      const { id } = yield* storePipeline(tx, input, context, run.source)
      return { kind: "pipeline", id }
    })

    return (tx: FullTx, run: NewRun, context: CreationContext): Effect.Effect<Run, HandlerError> =>
      kindOf(run.payload) === "pipeline"
        ? startPipeline(tx, run, context)
        : startTask(tx, run, context)
  })
)
