/** The operations on pipelines: `pipeline`. */
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import {
  NewPipelineId,
  PipelineId,
  stepMaxCount,
  TaskKey,
  taskMaxCount
} from "@backbeat/core/pipeline/PipelineId"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import {
  about,
  atLeastOne,
  atMost,
  counted,
  Instant,
  next,
  NonEmptyText,
  optional,
  page,
  warnings
} from "../fields.ts"
import { operation } from "../Operation.ts"
import { callOf, sentence } from "../Text.ts"
import { cutAnswer } from "../cutAnswer.ts"
import { ArtifactAnswer } from "../Artifact.ts"
import { ends } from "../Ends.ts"
import { EndedPipeline, ShownBriefPipeline, ShownPipeline } from "../LeanPipeline.ts"
import { PipelineAnswer } from "../PipelineAnswer.ts"
import { full } from "../LeanTask.ts"
import { lastLines } from "../TaskAnswer.ts"
import { StartInput } from "./start.ts"

const { agent, cwd, env, model, priority, queue, systemPrompt, tags } = StartInput.fields

const key = optional(
  TaskKey,
  "the task's name inside this call: dependsOn takes it, and the task's id is <pipeline id>.<key>. Default: its number, from 1"
)

/** A task of a DAG: a payload of `start` with a key instead of an id. */
export const TaskInput = Schema.Struct({
  key,
  ...Struct.omit(StartInput.fields, ["id", "ifRunning", "ifEnded", "full"])
})

/** A task of a chain: its place determines its dependency and its start. */
export const StepInput = TaskInput.mapFields(Struct.omit(["dependsOn", "notBefore"]))

/** One or more, each an object or a script. */
const several = <S extends Schema.Top>(item: S, count: number) =>
  Schema.Array(Schema.Union([NonEmptyText, item])).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(count)
  )

/** The payload of `pipeline create`. Exactly one of `steps` and `tasks` is given; the engine checks that. */
export const PipelineInput = Schema.Struct({
  id: optional(
    NewPipelineId,
    "the pipeline's id (default: a new one). Its tasks get the ids <id>.<key>; an id that is taken ends with -2"
  ),
  name: optional(NonEmptyText.check(atMost(200)), "a name for people"),
  steps: optional(
    several(StepInput, stepMaxCount),
    `a chain of 1 to ${stepMaxCount} tasks, each a script or an object with the fields of start: each starts when the one before it has succeeded, and delayMs later`
  ),
  tasks: optional(
    several(TaskInput, taskMaxCount),
    `1 to ${taskMaxCount} tasks, each a script or an object with the fields of start, in any order: dependsOn names keys of this call, or ids of tasks that exist`
  ),
  cwd: about(cwd, "working directory of tasks without their own"),
  agent: about(agent, "the agent of prompts without their own"),
  model: about(model, "the model of prompts without their own model or agent"),
  systemPrompt: about(systemPrompt, "instructions for prompts without their own"),
  priority: about(priority, "priority of tasks without their own"),
  queue: about(queue, "queue of tasks without their own"),
  tags: about(tags, "tags of tasks without their own"),
  env: about(env, "variables for all tasks; a task's own variables win"),
  full
})
export type PipelineInput = typeof PipelineInput.Type

const Answered = Schema.Struct({ pipeline: ShownPipeline })
const id = about(PipelineId, "the pipeline's id")

/** Starts several tasks as a pipeline. */
export const pipelineCreate = operation({
  name: "pipeline create",
  environment: true,
  summary:
    "Start several tasks as one: a chain of steps, or tasks in any order by dependsOn. Either all are stored or none.",
  input: PipelineInput,
  output: Schema.Union([
    Schema.Struct({
      ...ends,
      pipeline: Schema.Union([PipelineAnswer, EndedPipeline]),
      lastLines,
      warnings
    }),
    Schema.Struct({ ...Answered.fields, warnings }),
    ArtifactAnswer
  ]),
  cut: cutAnswer({ carried: true, ends: true }),
  insteadOf: {
    id: 'Give "key" in its place: the task\'s id is then <pipeline id>.<key>, and dependsOn takes the key.',
    ifRunning: sentence`Every task of a pipeline is a new one. Use ${callOf("restart")} to run a pipeline again.`,
    dependsOn:
      "A step waits for the one before it. For any other order give tasks instead of steps: they take dependsOn.",
    notBefore:
      "A step starts delayMs after the one before it has succeeded. Give tasks instead of steps: they take notBefore."
  },
  errors: [
    "CommandInputError",
    "PipelineNotFound",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "TaskAlreadyRunning",
    "IllegalTransition",
    "QuotaExceeded",
    "StoreError",
    "TaskWaitTimedOut"
  ],
  examples: [
    {
      title: "a chain: each step starts when the one before it has succeeded",
      payload: {
        id: "release",
        steps: [
          "echo building",
          { key: "test", command: "true" },
          { key: "publish", command: "echo", args: ["published"], delayMs: 100 }
        ]
      }
    },
    {
      title: "two tasks at once between a first and a last",
      payload: {
        id: "checks",
        tags: ["ci"],
        tasks: [
          { key: "compile", command: "true" },
          { key: "unit", command: "true", dependsOn: ["compile"] },
          { key: "style", command: "true", dependsOn: ["compile"] },
          { key: "package", command: "true", dependsOn: ["unit", "style"] }
        ]
      }
    },
    {
      title: "a step an hour after the one before",
      payload: {
        id: "nightly",
        name: "back up and look",
        steps: [{ command: "true" }, { command: "true", delayMs: 3_600_000 }]
      }
    }
  ],
  batch: false,
  flags: ["wait", "timeout", "concurrency", "output", "exit-status"],
  readOnly: false,
  positional: null,
  human: "tasks",
  web: "POST",
  mcp: { tool: "CreatePipeline" }
})

/** Shows one pipeline. */
export const pipelineGet = operation({
  name: "pipeline get",
  summary: "Show the state of a pipeline and of each of its tasks.",
  input: Schema.Struct({ id, full }),
  output: Schema.Union([Answered, ArtifactAnswer]),
  cut: cutAnswer(),
  errors: ["CommandInputError", "PipelineNotFound", "StoreError"],
  examples: [{ title: "one pipeline", payload: { id: "release" } }],
  batch: false,
  flags: ["output"],
  readOnly: true,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "PipelineStatus" }
})

/** Lists pipelines, newest first. */
export const pipelineList = operation({
  name: "pipeline list",
  summary: "List pipelines, newest first.",
  input: Schema.Struct({
    status: optional(
      Schema.Union([PipelineStatus, atLeastOne(PipelineStatus)]),
      "only in this status, or one of these"
    ),
    since: optional(Instant, "only created at or after this instant"),
    ...page,
    full
  }),
  output: Schema.Struct({
    ...counted,
    pipelines: Schema.Array(ShownBriefPipeline),
    next
  }),
  cut: cutAnswer(),
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "the newest", payload: {} },
    { title: "what runs", payload: { status: "running" } }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  human: "tasks",
  web: "POST",
  mcp: { tool: "ListPipelines" }
})

/** Cancels a pipeline. */
export const pipelineCancel = operation({
  name: "pipeline cancel",
  summary:
    "Stop the running tasks of a pipeline, cancel the rest, and return when none of its processes is alive.",
  input: Schema.Struct({
    id,
    reason: optional(NonEmptyText, "the reason, shown by pipeline get and why"),
    full
  }),
  output: Answered,
  cut: cutAnswer(),
  waits: true,
  errors: [
    "CommandInputError",
    "PipelineNotFound",
    "IllegalTransition",
    "StopIncomplete",
    "StoreError"
  ],
  examples: [{ title: "with a reason", payload: { id: "nightly", reason: "not this night" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "CancelPipeline" }
})
