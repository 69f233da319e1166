/** The operations that read tasks: `status`, `list`, `wait`, `why`. */
import { Actor } from "@backbeat/core/history/Actor"
import { PipelineId } from "@backbeat/core/pipeline/PipelineId"
import { LoopId } from "@backbeat/core/loop/LoopId"
import { LoopStatus } from "@backbeat/core/loop/Loop"
import { TcpPort } from "@backbeat/core/task/Probe"
import { TaskId } from "@backbeat/core/task/TaskId"
import { TaskStatus } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { ArtifactAnswer } from "../Artifact.ts"
import {
  about,
  atLeastOne,
  between,
  counted,
  Instant,
  mine,
  next,
  NonEmptyText,
  optional,
  page,
  Pattern,
  Tag,
  warnings
} from "../fields.ts"
import { operation } from "../Operation.ts"
import { cutAnswer } from "../cutAnswer.ts"
import { EndedPipeline, ShownPipeline } from "../LeanPipeline.ts"
import { ends } from "../Ends.ts"
import { full, LeanBriefTask, ShownTask } from "../LeanTask.ts"
import { LoopAnswer } from "../LoopAnswer.ts"
import { PipelineAnswer } from "../PipelineAnswer.ts"
import { CheckpointAnswer } from "../CheckpointAnswer.ts"
import { lastLines, TaskAnswer } from "../TaskAnswer.ts"

const Ids = atLeastOne(TaskId).check(Schema.isMaxLength(1000))

/** Shows one task. */
export const status = operation({
  name: "status",
  summary: "Show the state of a task, a pipeline or a loop.",
  input: Schema.Struct({
    id: about(TaskId, "the id of a task, a pipeline or a loop"),
    attempt: optional(
      between(1, 1_000_000),
      "the task as it was in this attempt: what ran, and how it ended (default: the task now)"
    ),
    checkpoint: optional(
      Schema.Boolean,
      "also show the data of the last attempt that resume uses: last lines, git state, an agent's result"
    ),
    full
  }),
  output: Schema.Struct({
    task: Schema.optionalKey(ShownTask),
    checkpoint: Schema.optionalKey(CheckpointAnswer),
    pipeline: Schema.optionalKey(ShownPipeline),
    tasks: optional(Schema.Array(ShownTask), "for several ids: the tasks, in the order of the ids"),
    pipelines: optional(Schema.Array(ShownPipeline), "for several ids: the pipelines"),
    loop: Schema.optionalKey(LoopAnswer),
    loops: optional(Schema.Array(LoopAnswer), "for several ids: the loops"),
    errors: optional(
      Schema.Array(Schema.Struct({ id: Schema.String, error: Schema.Unknown })),
      "for several ids: those that do not exist"
    )
  }),
  cut: cutAnswer({ each: true }),
  errors: ["CommandInputError", "TaskNotFound", "StoreError"],
  examples: [
    { title: "one task", payload: { id: "demo" } },
    { title: "several", payload: ["demo", "greet"] }
  ],
  batch: true,
  flags: ["output"],
  readOnly: true,
  positional: "id",
  bare: "list",
  human: "tasks",
  web: "POST",
  mcp: { tool: "TaskStatus" }
})

/** Lists tasks, newest first. */
export const list = operation({
  name: "list",
  summary: "List tasks, newest first.",
  input: Schema.Struct({
    ids: optional(Ids, "only these"),
    status: optional(
      Schema.Union([TaskStatus, atLeastOne(TaskStatus)]),
      "only in this status, or one of these"
    ),
    tag: optional(Tag, "only with this tag"),
    tags: optional(atLeastOne(Tag).check(Schema.isMaxLength(64)), "only with all of these tags"),
    queue: optional(NonEmptyText, "only of this queue"),
    sessionId: optional(NonEmptyText, "only tasks that this session owns"),
    mine,
    kind: optional(Schema.Literals(["command", "script", "prompt"]), "only of this kind"),
    pipelineId: optional(TaskId, "only the steps of this pipeline"),
    loopId: optional(LoopId, "only the tasks of this loop, with those that evaluate"),
    workKey: optional(
      NonEmptyText,
      "only tasks that run the same in the same folder: workKey of a task's full answer"
    ),
    since: optional(Instant, "only created at or after this instant"),
    ...page,
    resources: optional(Schema.Boolean, "show the memory of each running task; Linux only"),
    lastLines: optional(
      between(1, 15),
      "show this many last lines of each task; up to two thirds may be earlier lines that look like errors"
    ),
    full: about(
      full,
      "every field of each task; long texts are cut to one line, unless one id is given"
    )
  }),
  output: Schema.Union([
    Schema.Struct({
      ...counted,
      tasks: Schema.Array(Schema.Union([TaskAnswer, LeanBriefTask])),
      next
    }),
    ArtifactAnswer
  ]),
  cut: cutAnswer(),
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "the newest", payload: {} },
    { title: "what runs, of one tag", payload: { status: ["running", "stopping"], tag: "dev" } }
  ],
  batch: false,
  flags: ["output"],
  readOnly: true,
  positional: null,
  human: "tasks",
  web: "POST",
  mcp: { tool: "ListTasks" }
})

const WaitFor = Schema.Union([
  Schema.Literals(["end", "start", "ready"]),
  Schema.Struct({ log: about(Pattern, "a regular expression that a line of its output matches") }),
  Schema.Struct({ port: about(TcpPort, "a TCP port of this machine that accepts connections") })
])

const cursor = optional(
  Schema.String,
  "with full or mode any: the place in the history, for since of events"
)

/** Waits until tasks satisfy a condition. */
export const wait = operation({
  name: "wait",
  summary:
    "Wait until tasks, a pipeline or a loop have ended, or until tasks have started, are ready, print a line or open a port.",
  input: Schema.Struct({
    id: optional(TaskId, "one task, a pipeline or a loop"),
    ids: optional(Ids, "several tasks or pipelines"),
    tag: optional(Tag, "all tasks with this tag"),
    mine,
    pipelineId: optional(PipelineId, "the end of this pipeline"),
    loopId: optional(LoopId, "the end of this loop"),
    for: optional(
      WaitFor,
      "what to wait for (default end); a task without readyWhen and healthProbe is ready as soon as it runs"
    ),
    mode: optional(Schema.Literals(["all", "any"]), "until all of them (default) or any of them"),
    since: optional(
      NonEmptyText,
      "with for log, of one task: the cursor of an earlier logs, send or wait; only lines after it count"
    ),
    timeout: optional(
      between(0, 86_400_000),
      "how long in milliseconds (default: the flag --timeout, 60 seconds)"
    ),
    full
  }),
  output: Schema.Union([
    Schema.Struct({ task: ShownTask, lastLines, cursor, warnings }),
    Schema.Struct({
      ...ends,
      tasks: optional(Schema.Array(TaskAnswer), "with full: each of them"),
      pipelines: optional(Schema.Array(EndedPipeline), "those of them that are pipelines"),
      done: optional(
        Schema.Array(Schema.String),
        "with mode any: the tasks that meet the condition"
      ),
      pending: optional(Schema.Array(Schema.String), "with mode any: the other tasks"),
      cursor,
      warnings
    }),
    Schema.Struct({
      line: about(Schema.String, "the matching line; it may be unfinished"),
      cursor: about(Schema.String, "the place after that line; for since of wait and logs"),
      task: Schema.optionalKey(ShownTask),
      warnings
    }),
    Schema.Struct({
      ...ends,
      pipeline: Schema.Union([PipelineAnswer, EndedPipeline]),
      lastLines,
      cursor,
      warnings
    }),
    Schema.Struct({ loop: LoopAnswer, cursor, warnings }),
    ArtifactAnswer
  ]),
  cut: cutAnswer({ ends: true }),
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "PipelineNotFound",
    "LoopNotFound",
    "TaskWaitTimedOut",
    "StoreError",
    "IllegalTransition"
  ],
  examples: [
    { title: "the end of one", payload: { id: "demo" } },
    { title: "the end of several", payload: ["one", "two"] },
    { title: "the first of several", payload: { ids: ["one", "two"], mode: "any" } }
  ],
  batch: true,
  waits: true,
  flags: ["timeout", "output", "exit-status"],
  readOnly: true,
  positional: "id",
  human: "tasks",
  web: "POST",
  mcp: { tool: "WaitTask" }
})

/** What a running task does now. */
export const Running = Schema.Struct({
  startedAt: optional(Schema.String, "when the attempt started"),
  silentSince: optional(Schema.String, "when it last wrote output"),
  lastLine: optional(Schema.String, "the last line that is not blank, at most 125 characters"),
  processes: about(
    Schema.Array(Schema.String),
    "its processes, each with pid and command; at most ten"
  ),
  processesMore: optional(Schema.Int, "how many more there are"),
  cpuPercent: optional(
    Schema.Int,
    "their CPU use within 100 ms, in percent of one core; Linux only"
  ),
  memoryBytes: optional(Schema.Int, "their memory, shared pages counted for each; Linux only"),
  timeoutMs: optional(Schema.Int, "its timeout, when it has one"),
  timeoutFrom: optional(
    Schema.String,
    "who set that: the task itself, the configuration, a variable, or the default for prompts"
  ),
  stallTimeoutMs: optional(Schema.Int, "how long it may write nothing, if that is limited"),
  stallTimeoutFrom: optional(Schema.String, "who set that: always the task itself"),
  maxOutputBytes: optional(
    Schema.Int,
    "how much of each output stream is kept, when that is not the default"
  ),
  maxOutputBytesFrom: optional(
    Schema.String,
    "who set that: the task itself, the configuration or a variable"
  )
})

/** Explains the status of a task or a pipeline. */
export const why = operation({
  name: "why",
  summary: "Explain why a task, a pipeline or a loop is in its status, and what comes next.",
  input: Schema.Struct({ id: about(TaskId, "the id of a task, a pipeline or a loop") }),
  output: Schema.Struct({
    status: Schema.Union([TaskStatus, LoopStatus]),
    because: Schema.Array(
      Schema.Struct({
        what: Schema.String,
        since: Schema.String,
        actor: Schema.optionalKey(Actor),
        until: Schema.optionalKey(Schema.String)
      })
    ),
    running: optional(Running, "for a running task: its current activity"),
    peakMemoryBytes: optional(
      Schema.Int,
      "of a task that has ended: the most memory that one of its processes had; absent when it was less than the engine itself had, or that engine has exited"
    ),
    next: Schema.NullOr(Schema.String)
  }),
  errors: ["CommandInputError", "TaskNotFound", "StoreError"],
  examples: [{ title: "one task", payload: { id: "demo" } }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: "id",
  human: "reasons",
  web: "POST",
  mcp: { tool: "ExplainTask" }
})
