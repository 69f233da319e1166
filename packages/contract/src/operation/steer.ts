/** The operations that change existing tasks: `stop`, `restart`, `send`, `prune`. */
import { TaskId } from "@backbeat/core/task/TaskId"
import { StopSignal } from "@backbeat/core/task/TaskSpec"
import * as Schema from "effect/Schema"
import {
  about,
  atLeastOne,
  atMost,
  between,
  mine,
  NonEmptyText,
  optional,
  Pattern,
  SignalName,
  Tag,
  Text,
  warnings
} from "../fields.ts"
import { operation } from "../Operation.ts"
import { cutAnswer } from "../cutAnswer.ts"
import { ends } from "../Ends.ts"
import { EndedPipeline, ShownPipeline } from "../LeanPipeline.ts"
import { endedShown, full, ShownTask } from "../LeanTask.ts"
import { PipelineAnswer } from "../PipelineAnswer.ts"
import { lastLines, neverReady, timedOut } from "../TaskAnswer.ts"
import { agentFields, EnvInput } from "./start.ts"

const alreadyEnded = optional(Schema.Boolean, "whether it had ended before this call")

const ids = optional(atLeastOne(TaskId).check(Schema.isMaxLength(1000)), "several, by their ids")

/** The result of a stop. */
const endedFields = {
  ended: optional(
    Schema.Array(Schema.String),
    `the processes that were alive, \`<pid> <command>\`: at most ${endedShown}, with full ten`
  ),
  endedMore: optional(Schema.Int, "how many more there were"),
  freedPorts: optional(
    Schema.Array(Schema.Int),
    "the TCP ports on which these had listened; Linux only"
  ),
  left: Schema.Array(Schema.String).annotate({
    description:
      "the remaining processes: always empty in an answer; StopIncomplete names those that remain"
  })
}

const Reason = Text.check(atMost(1000))

/** Stops a task or a pipeline, with all their processes. */
export const stop = operation({
  name: "stop",
  summary:
    "Stop a task or a pipeline with all its processes, and return when none of them is alive.",
  input: Schema.Struct({
    id: optional(TaskId, "the id of a task or of a pipeline"),
    ids,
    tag: optional(Tag, "all tasks with this tag that have not ended"),
    mine,
    reason: optional(Reason, "the reason; stored with the task"),
    signal: optional(StopSignal, "the first signal (default: the task's stopSignal)"),
    force: optional(Schema.Boolean, "send SIGKILL at once"),
    full
  }),
  output: Schema.Union([
    Schema.Struct({ task: ShownTask, alreadyEnded, ...endedFields }),
    Schema.Struct({ pipeline: ShownPipeline, alreadyEnded, left: endedFields.left })
  ]),
  cut: cutAnswer(),
  waits: true,
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "IllegalTransition",
    "StopIncomplete",
    "StoreError"
  ],
  examples: [
    { title: "one task", payload: { id: "web", reason: "no longer needed" } },
    { title: "several", payload: { ids: ["demo", "greet"] } }
  ],
  batch: true,
  flags: ["concurrency", "output"],
  readOnly: false,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "CancelTask" }
})

/** Starts another attempt of a task, or of the tasks of a pipeline. */
export const restart = operation({
  name: "restart",
  summary:
    "Run a task again under the same id; one that runs is stopped first. For a pipeline: run again what did not complete.",
  input: Schema.Struct({
    id: optional(TaskId, "the id of a task or of a pipeline"),
    ids,
    tag: optional(Tag, "all tasks with this tag"),
    all: optional(Schema.Boolean, "of a pipeline: also what completed or runs (default false)"),
    ifEnded: optional(
      Schema.Literal("again"),
      "also run again what another session left in another directory, which is rejected otherwise"
    ),
    reason: optional(Reason, "the reason; stored in its history"),
    full
  }),
  output: Schema.Union([
    Schema.Struct({ task: ShownTask, lastLines, neverReady, timedOut, warnings }),
    Schema.Struct({ ...ends, pipeline: Schema.Union([PipelineAnswer, EndedPipeline]), lastLines }),
    Schema.Struct({ pipeline: ShownPipeline, timedOut })
  ]),
  cut: cutAnswer({ ends: true }),
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "IllegalTransition",
    "DependencyNotFound",
    "AgentUnavailable",
    "QuotaExceeded",
    "StopIncomplete",
    "StoreError",
    "TaskWaitTimedOut"
  ],
  examples: [{ title: "one task", payload: { id: "demo" } }],
  batch: true,
  flags: ["wait", "timeout", "concurrency", "output"],
  readOnly: false,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "RestartTask" }
})

/** Which environment a repeated task gets. */
const environmentFields = {
  inheritEnv: optional(
    Schema.Boolean,
    "use the caller's current environment instead of the stored one (default false)"
  ),
  env: optional(EnvInput, "variables added to it; their values are never shown")
}

/** The errors of repeating a task. */
const repetitionErrors = [
  "CommandInputError",
  "TaskNotFound",
  "IllegalTransition",
  "DependencyNotFound",
  "AgentUnavailable",
  "QuotaExceeded",
  "StoreError",
  "TaskWaitTimedOut"
] as const

/** Runs the work of an ended task again, as a new task. */
export const retry = operation({
  name: "retry",
  environment: true,
  summary:
    "Run the work of an ended task again, as a new task with the same specification and environment.",
  input: Schema.Struct({ id: about(TaskId, "the ended task's id"), ...environmentFields, full }),
  output: Schema.Struct({ task: ShownTask, lastLines, neverReady }),
  cut: cutAnswer(),
  errors: repetitionErrors,
  examples: [{ title: "one task", payload: { id: "demo" } }],
  batch: false,
  flags: ["wait", "timeout"],
  readOnly: false,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "RetryTask" }
})

/** Continues the work of an ended agent task, as a new task. */
export const resume = operation({
  name: "resume",
  environment: true,
  summary:
    "Continue an ended agent task as a new task: in the agent's own session, or from its checkpoint.",
  input: Schema.Struct({
    id: about(TaskId, "the ended task's id"),
    additionalContext: optional(NonEmptyText.check(atMost(4000)), "new instructions"),
    session: optional(
      Schema.Literals(["continue", "new"]),
      "continue the agent's session (default if it has one), or start a new one with the checkpoint before the prompt"
    ),
    model: optional(agentFields.model.schema, "another model"),
    effort: optional(agentFields.effort.schema, "another effort"),
    permissionMode: optional(agentFields.permissionMode.schema, "another permission mode"),
    maxTurns: optional(agentFields.maxTurns.schema, "another limit of turns"),
    maxCostUsd: optional(agentFields.maxCostUsd.schema, "another cost limit in US dollars"),
    ...environmentFields,
    full
  }),
  output: Schema.Struct({ task: ShownTask, lastLines, neverReady }),
  cut: cutAnswer(),
  errors: repetitionErrors,
  examples: [
    {
      title: "with new instructions",
      payload: { id: "fix", additionalContext: "Also run the tests." }
    }
  ],
  batch: false,
  flags: ["wait", "timeout"],
  readOnly: false,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "ResumeTask" }
})

/** Writes to a task's standard input, closes it, or sends a signal. */
export const send = operation({
  name: "send",
  summary:
    'Write to the standard input of a task started with stdin "open", end that input, or send a signal.',
  input: Schema.Struct({
    id: about(TaskId, "the task's id"),
    text: optional(Schema.String, "the text to write; no newline is added"),
    eof: optional(Schema.Boolean, "close the input, after the text if there is one"),
    signal: optional(SignalName, "a signal for the task's process group"),
    until: optional(
      Pattern,
      "then wait, up to --timeout, for a finished or unfinished line that matches this regular expression, and return the new output"
    ),
    quietMs: optional(
      between(100, 60_000),
      "or wait until output came and then nothing for this many milliseconds, and return the new output; any output after the write counts, also a prompt that the program still had to print"
    )
  }),
  output: Schema.Struct({
    id: Schema.String,
    bytesWritten: Schema.Int,
    eof: optional(Schema.Boolean, "true when the input was closed"),
    signalled: optional(Schema.Boolean, "true when the signal was sent"),
    cursor: about(
      Schema.String,
      "the place before the write; with until and quietMs the place after the returned lines; for since of logs and wait"
    ),
    lines: optional(
      Schema.Array(Schema.String),
      "with until or quietMs: the new lines, at most 1,000 or 64 KiB"
    ),
    partial: optional(
      Schema.String,
      "with until or quietMs: the unfinished last line, such as a prompt"
    ),
    hasMore: optional(Schema.Boolean, "true if there are more new lines")
  }),
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "IllegalTransition",
    "TaskWaitTimedOut",
    "StoreError"
  ],
  examples: [
    { title: "a line", payload: { id: "repl", text: "1 + 1\n" } },
    { title: "a question, and its answer", payload: { id: "repl", text: "1 + 1\n", quietMs: 200 } }
  ],
  batch: false,
  flags: ["timeout"],
  readOnly: false,
  positional: null,
  web: "POST",
  mcp: { tool: "SendToTask" }
})

const FinalStatus = Schema.Literals(["completed", "failed", "cancelled"])

/** Removes ended tasks with their output. */
export const prune = operation({
  name: "prune",
  summary: "Remove ended tasks with their output and stored environment.",
  input: Schema.Struct({
    olderThanDays: optional(
      Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 36_500 })),
      "only tasks that ended more than this many days ago (default: the setting retentionDays; 0 with ids, tag or mine)"
    ),
    ids,
    tag: optional(Tag, "only with this tag"),
    mine,
    status: optional(
      Schema.Union([FinalStatus, atLeastOne(FinalStatus)]),
      "only in this status, or one of these (default all three)"
    ),
    dryRun: optional(Schema.Boolean, "only show what would be removed")
  }),
  output: Schema.Struct({
    removed: Schema.Array(Schema.String),
    freedBytes: Schema.Int,
    dryRun: Schema.Boolean,
    reason: optional(Schema.String, "why nothing is removed")
  }),
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "what would be removed", payload: { olderThanDays: 0, dryRun: true } },
    { title: "failed tasks older than a day", payload: { olderThanDays: 1, status: ["failed"] } }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  web: "POST",
  mcp: {}
})
