/** From the payload of `loop create` to the specification of a loop: defaults, and rules across fields. */
import type { LoopInput } from "@backbeat/contract/operation/loopInput"
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { Evaluation, LoopGit, LoopSpec, Strategy } from "@backbeat/core/loop/LoopSpec"
import * as Result from "effect/Result"
import { isAbsolute, resolve } from "node:path"
import { wrongField } from "../call/wrongField.ts"
import type { Origin } from "../creation/Origin.ts"
import { inheritEnvironment } from "../home/TaskEnvironment.ts"
import type { KeptVariables } from "../home/KeptVariables.ts"
import { workOf } from "./payload.ts"

const commandTimeoutMs = 60_000
const judgeTimeoutMs = 1_800_000

/** The fields that only optimize knows. */
const ofOptimize = [
  "evalDirection",
  "targetScore",
  "minImprovement",
  "evalRepeats",
  "baseline",
  "patience"
] as const satisfies ReadonlyArray<keyof LoopInput>

const strategyOf = (input: LoopInput): Result.Result<Strategy, Problem> => {
  const { strategy, evalDirection } = input
  if (strategy === "retry") {
    const stray = ofOptimize.find((name) => input[name] !== undefined)
    return stray === undefined
      ? Result.succeed({ kind: "retry" })
      : Result.fail(
          withChange(
            wrongField(stray, 'requires strategy "optimize"', "Remove it."),
            Object.fromEntries(ofOptimize.map((name) => [name, undefined]))
          )
        )
  }
  if (evalDirection === undefined)
    return Result.fail(
      wrongField("evalDirection", 'is missing: optimize needs "minimize" or "maximize"', "Add it.")
    )
  return Result.succeed({
    kind: "optimize",
    direction: evalDirection,
    targetScore: input.targetScore ?? null,
    minImprovement: input.minImprovement ?? 0,
    evalRepeats: input.evalRepeats ?? 1,
    baseline: input.baseline ?? false,
    patience: input.patience ?? 0
  })
}

const evaluationOf = ({ exitCondition, judge }: LoopInput): Result.Result<Evaluation, Problem> => {
  const hint = "Use exactly one of exitCondition and judge."
  if (exitCondition !== undefined && judge !== undefined)
    return Result.fail(wrongField("judge", "cannot be combined with exitCondition", hint))
  if (exitCondition !== undefined)
    return Result.succeed({ kind: "command", command: exitCondition })
  return judge === undefined
    ? Result.fail(wrongField("exitCondition", "is missing", hint))
    : Result.succeed({
        kind: "judge",
        prompt: judge.prompt,
        agent: judge.agent ?? null,
        model: judge.model ?? null
      })
}

const bounds = (input: LoopInput) => ({
  evalTimeout: input.evalTimeout ?? (input.judge === undefined ? commandTimeoutMs : judgeTimeoutMs),
  maxIterations: input.maxIterations ?? 10,
  maxConsecutiveFailures: input.maxConsecutiveFailures ?? 3,
  maxDurationMs: input.maxDurationMs ?? null,
  maxCostUsd: input.maxCostUsd ?? null,
  cooldown: input.cooldown ?? 0,
  freshContext: input.freshContext ?? true,
  feedback: input.feedback ?? true,
  onUsageLimit: input.onUsageLimit ?? ("wait" as const)
})

/** The folder in which a loop is to work. Fails with CommandInputError when that cannot be told. */
export const loopCwd = (
  { cwd: given = "." }: LoopInput,
  { cwd, environment }: Origin
): Result.Result<string, Problem> => {
  const home = environment["HOME"]
  const path =
    (given === "~" || given.startsWith("~/")) && home !== undefined
      ? `${home}${given.slice(1)}`
      : given
  return isAbsolute(path) || isAbsolute(cwd)
    ? Result.succeed(resolve(cwd, path))
    : Result.fail(
        wrongField("cwd", "the caller's working directory was deleted", "Use an absolute cwd.")
      )
}

/** A specification with the variables that are kept beside it. */
export interface SpecifiedLoop {
  readonly spec: LoopSpec
  readonly kept: KeptVariables
}

/** The specification of a payload, and its variables. Fails with CommandInputError that names the field. */
export const specifyLoop = (
  input: LoopInput,
  origin: Origin,
  { cwd, git }: { readonly cwd: string; readonly git: LoopGit | null }
): Result.Result<SpecifiedLoop, Problem> =>
  Result.gen(function* () {
    const strategy = yield* strategyOf(input)
    const evaluation = yield* evaluationOf(input)
    const { work, given } = yield* workOf(input)
    const environment = input.inheritEnv === false ? {} : inheritEnvironment(origin.environment, {})
    return {
      kept: { environment, given },
      spec: {
        title: input.title ?? null,
        work,
        strategy,
        evaluation,
        ...bounds(input),
        git,
        cwd,
        umask: origin.umask,
        ...(origin.processLimits === null ? {} : { processLimits: origin.processLimits })
      }
    }
  })
