/** From the payload of `loop create` to what each iteration starts, and to the variables that must not be stored with that. */
import type { LoopInput } from "@backbeat/contract/operation/loopInput"
import type { Problem } from "@backbeat/contract/Problem"
import { pipelineCreate } from "@backbeat/contract/operation/pipeline"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import { start, type StartInput } from "@backbeat/contract/operation/start"
import type { LoopSpec } from "@backbeat/core/loop/LoopSpec"
import { decodePayload } from "@backbeat/contract/decodePayload"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { wrongField } from "../call/wrongField.ts"
import type { Variables } from "../home/TaskEnvironment.ts"

type Work = LoopSpec["work"]
type Given = Readonly<Record<string, Variables>>

/** The fields of `loop create` that are not about what an iteration runs. */
const ofLoop = [
  "id",
  "title",
  "strategy",
  "exitCondition",
  "judge",
  "steps",
  "evalDirection",
  "evalTimeout",
  "targetScore",
  "minImprovement",
  "evalRepeats",
  "baseline",
  "patience",
  "maxIterations",
  "maxConsecutiveFailures",
  "maxDurationMs",
  "maxCostUsd",
  "cooldown",
  "freshContext",
  "feedback",
  "onUsageLimit",
  "git",
  "full"
] as const satisfies ReadonlyArray<keyof LoopInput>

/** The fields that the steps of an iteration share; all others stand in the steps. */
const ofAllSteps: ReadonlyArray<string> = [
  "cwd",
  "agent",
  "model",
  "systemPrompt",
  "priority",
  "queue",
  "tags",
  "env",
  "inheritEnv",
  "sessionId"
]

const oneOf = "Use exactly one of command, script, prompt and steps."

const strayBesideSteps = (fields: object): string | undefined =>
  Object.keys(fields).find((name) => !ofAllSteps.includes(name))

const toJson = (value: object): Schema.JsonObject =>
  Schema.decodeUnknownSync(Schema.JsonObject)(JSON.parse(JSON.stringify(value)))

/** What each iteration starts. Its folder and its environment are the loop's. */
export const workOf = (
  input: LoopInput
): Result.Result<{ readonly work: Work; readonly given: Given }, Problem> => {
  const fields = Struct.omit(input, [...ofLoop])
  const { steps } = input
  const { env, ...own } = Struct.omit(fields, ["cwd", "inheritEnv", "sessionId"])
  const given: Record<string, Variables> = env === undefined ? {} : { env }
  if (steps === undefined)
    return Result.succeed({ work: { kind: "task", payload: toJson(own) }, given })
  const stray = strayBesideSteps(fields)
  if (stray !== undefined)
    return Result.fail(
      wrongField(
        stray,
        "cannot be combined with steps",
        ["command", "script", "prompt"].includes(stray) ? oneOf : "Put it into each step."
      )
    )
  const kept = steps.map((step, index) => {
    if (typeof step === "string") return step
    const { env: its, ...others } = step
    if (its !== undefined) given[String(index)] = its
    return others
  })
  return Result.succeed({
    work: { kind: "pipeline", payload: toJson({ ...own, steps: kept }) },
    given
  })
}

/** What is put to the payload of an iteration. */
export interface Additions {
  readonly given: Given
  /** Variables of the loop, for parts that inherit no environment. */
  readonly variables: Variables
  /** Goes behind each prompt; null for nothing. */
  readonly feedback: string | null
  /** The task from which a prompt continues, where it is to. */
  readonly continueFrom: string | null
}

type Part = Pick<StartInput, "prompt" | "inheritEnv" | "env">

const added = (
  { prompt, inheritEnv }: Part,
  own: Variables | undefined,
  { feedback, variables }: Additions
) => ({
  ...(prompt === undefined || feedback === null ? {} : { prompt: `${prompt}\n\n${feedback}` }),
  ...(inheritEnv === false
    ? { env: { ...variables, ...own } }
    : own === undefined
      ? {}
      : { env: own })
})

/** The payload of the task of an iteration. Fails with the Problem of one that this version does not take. */
export const taskInputOf = (
  { payload }: Work,
  id: string,
  additions: Additions
): Result.Result<StartInput, Problem> =>
  Result.map(decodePayload(start, payload), (input) => ({
    ...input,
    id,
    ...added(input, additions.given["env"], additions),
    ...(input.prompt === undefined || additions.continueFrom === null
      ? {}
      : {
          continueFrom: additions.continueFrom,
          dependsOn: [{ task: additions.continueFrom, on: "end" as const }]
        })
  }))

/** The payload of the pipeline of an iteration. */
export const pipelineInputOf = (
  { payload }: Work,
  id: string,
  additions: Additions
): Result.Result<PipelineInput, Problem> =>
  Result.map(decodePayload(pipelineCreate, payload), (input) => ({
    ...input,
    id,
    ...(additions.given["env"] === undefined ? {} : { env: additions.given["env"] }),
    steps: (input.steps ?? []).map((step, index) =>
      typeof step === "string"
        ? step
        : { ...step, ...added(step, additions.given[String(index)], additions) }
    )
  }))
