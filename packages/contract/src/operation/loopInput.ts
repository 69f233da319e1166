/** The payload of `loop create`. */
import { stepMaxCount } from "@backbeat/core/pipeline/PipelineId"
import { LoopId } from "@backbeat/core/loop/LoopId"
import { Direction } from "@backbeat/core/loop/LoopSpec"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { about, atMost, between, NonEmptyText, optional } from "../fields.ts"
import { full } from "../LeanTask.ts"
import { StepInput } from "./pipeline.ts"
import { agentFields, StartInput } from "./start.ts"

const week = 604_800_000

const JudgeInput = Schema.Struct({
  prompt: about(
    NonEmptyText.check(atMost(100_000)),
    "what the agent is to judge; it only reads, and answers with pass, score and reason"
  ),
  agent: agentFields.agent,
  model: agentFields.model
})

const Pathspecs = Schema.Array(NonEmptyText.check(atMost(1000))).check(Schema.isMaxLength(100))

const GitInput = Schema.Struct({
  worktree: about(
    Schema.Literal(true),
    "each iteration works in a worktree of the loop's own; the caller's files are never touched"
  ),
  base: optional(NonEmptyText.check(atMost(200)), "the commit to start from (default HEAD)"),
  includeUncommitted: optional(
    Schema.Boolean,
    "start from the uncommitted changes of tracked files too (default false)"
  ),
  setup: optional(NonEmptyText, "a shell command that runs once in the new worktree"),
  copy: optional(
    Pathspecs,
    "files and folders, relative to the root of the repository, that are copied into it, such as .env"
  ),
  protect: optional(
    Pathspecs,
    "paths that no iteration may change, as git pathspecs: an iteration that does is a crash"
  ),
  branch: optional(NonEmptyText.check(atMost(200)), "the branch (default backbeat/<id>)")
})

const finite = (description: string) => optional(Schema.Finite, description)

/** What each iteration runs: the fields of `start` that a task of a loop can have. */
const workFields = Struct.omit(StartInput.fields, [
  "id",
  "name",
  "ifRunning",
  "ifEnded",
  "dependsOn",
  "continueFrom",
  "notBefore",
  "delayMs",
  "readyWhen",
  "healthProbe",
  "forgetEnv",
  "maxCostUsd",
  "full"
])

/** The payload of `loop create`. One of `command`, `script`, `prompt` and `steps` is given; the engine checks that. */
export const LoopInput = Schema.Struct({
  id: optional(LoopId, "the loop's id (default: a new one). Iterations get the ids <id>.<number>"),
  title: optional(NonEmptyText.check(atMost(200)), "a title for people"),
  strategy: about(
    Schema.Literals(["retry", "optimize"]),
    "retry: until the evaluation passes; optimize: to the best score"
  ),
  exitCondition: optional(
    NonEmptyText,
    "a shell command that runs after each iteration. retry: exit code 0 passes; optimize: its last line is the score, one number"
  ),
  judge: optional(
    JudgeInput,
    "an agent that evaluates, instead of exitCondition; its reason is given to the next iteration"
  ),
  ...workFields,
  steps: optional(
    Schema.Array(Schema.Union([NonEmptyText, StepInput])).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(stepMaxCount)
    ),
    `each iteration is a pipeline of 1 to ${stepMaxCount} steps, as in pipeline create`
  ),
  evalDirection: optional(Direction, "which score is better; required with optimize"),
  evalTimeout: optional(
    between(1000, 7_200_000),
    "milliseconds an evaluation may run (default 60000; 1800000 for a judge)"
  ),
  targetScore: finite("with optimize: a score that is enough"),
  minImprovement: optional(
    Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
    "with optimize: how much better a score must be to be kept (default 0: any better one)"
  ),
  evalRepeats: optional(
    between(1, 25),
    "with optimize: how often each iteration is evaluated; its score is the median (default 1)"
  ),
  baseline: optional(
    Schema.Boolean,
    "with optimize: evaluate before the first iteration, as iteration 0, and start from that score (default false)"
  ),
  patience: optional(
    between(0, 100_000),
    "with optimize: end after so many iterations in a row that kept nothing (default 0: no limit)"
  ),
  maxIterations: optional(
    between(0, 1_000_000),
    "at most so many iterations (default 10; 0: no limit)"
  ),
  maxConsecutiveFailures: optional(
    between(0, 100_000),
    "end after so many crashes in a row (default 3; 0: no limit). An evaluation that fails is no crash"
  ),
  maxDurationMs: optional(
    between(1000, 52 * week),
    "milliseconds after which it ends, without the time in which it is paused; this also stops a running iteration"
  ),
  maxCostUsd: optional(
    Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 1_000_000 })),
    "begin no other iteration when its agents have cost so much"
  ),
  cooldown: optional(between(0, week), "milliseconds between two iterations (default 0)"),
  freshContext: optional(
    Schema.Boolean,
    "false: each prompt continues from the results of the iteration before it (default true)"
  ),
  feedback: optional(
    Schema.Boolean,
    "add the last result, score and lines of the evaluation to the next prompt, at most 4 KB (default true)"
  ),
  onUsageLimit: optional(
    Schema.Literals(["wait", "fail"]),
    "when the agent meets its usage limit: wait and repeat the iteration (default), or fail"
  ),
  git: optional(GitInput, "work in a worktree, where kept results are commits"),
  full
})
export type LoopInput = typeof LoopInput.Type
