/** The operations that read the output and history of tasks: `logs`, `events`. */
import { Actor } from "@backbeat/core/history/Actor"
import { LoopId } from "@backbeat/core/loop/LoopId"
import { PipelineId } from "@backbeat/core/pipeline/PipelineId"
import { TaskId } from "@backbeat/core/task/TaskId"
import * as Schema from "effect/Schema"
import { Artifact, ArtifactAnswer } from "../Artifact.ts"
import { about, atLeastOne, between, NonEmptyText, optional, Pattern, Tag } from "../fields.ts"
import { cutFrame } from "../cutFrame.ts"
import { full } from "../LeanTask.ts"
import { operation } from "../Operation.ts"

/** Lines of output in the answer. */
const InlineLogs = Schema.Struct({
  taskId: Schema.String,
  totalLines: about(
    Schema.Int,
    "the number of lines; with grep, the number of matches without context lines"
  ),
  shownLines: about(
    Schema.Int,
    "how many of them are in lines; context lines in lines are not counted"
  ),
  hasMore: optional(Schema.Boolean, "true when there are more than these lines"),
  lines: Schema.Array(
    Schema.Union([
      Schema.String,
      Schema.Struct({
        stream: Schema.Literals(["stdout", "stderr"]),
        text: Schema.String,
        at: Schema.NullOr(Schema.String)
      })
    ])
  ),
  cursor: Schema.String,
  droppedBytes: optional(Schema.Int, "how many bytes of these lines are lost, when any are"),
  hint: optional(Schema.String, "if grep found nothing: whether it matches in another case")
})

/** Lines of several tasks in their order of arrival. */
const LinesOfMany = Schema.Struct({
  totalLines: Schema.Int,
  shownLines: Schema.Int,
  lines: Schema.Array(
    Schema.Struct({
      task: Schema.String,
      text: Schema.String,
      stream: optional(Schema.Literals(["stdout", "stderr"]), "with timestamps"),
      at: optional(Schema.NullOr(Schema.String), "with timestamps")
    })
  ),
  cursors: about(
    Schema.Record(Schema.String, Schema.String),
    "for each task the place after its lines"
  )
})

/** Reads a task's output. */
export const logs = operation({
  name: "logs",
  ownArtifact: true,
  summary: "Read the output of a task, or of several.",
  input: Schema.Struct({
    id: optional(TaskId, "the task's id"),
    ids: optional(
      atLeastOne(TaskId).check(Schema.isMaxLength(100)),
      "several tasks: their newest lines together"
    ),
    tag: optional(Tag, "all tasks with this tag"),
    lines: optional(
      between(0, 1_000_000),
      "how many lines, the newest (default 100); with grep, how many matches"
    ),
    stream: optional(Schema.Literals(["both", "stdout", "stderr"]), "which stream (default both)"),
    since: optional(
      NonEmptyText,
      "the cursor of an earlier answer, or data.cursor of a streamed line: only lines after it, oldest first"
    ),
    grep: optional(Pattern, "only lines that match this regular expression"),
    ignoreCase: optional(Schema.Boolean, "with grep: ignore case"),
    context: optional(between(0, 1000), "with grep: this many lines before and after each match"),
    attempt: optional(between(1, 1_000_000), "the attempt to read (default: the last)"),
    follow: optional(Schema.Boolean, "with --stream: print new lines until the task ends"),
    until: optional(
      Pattern,
      "with --stream: end after a line that matches this regular expression; fail if the task or --timeout ends first"
    ),
    count: optional(between(1, 1_000_000), "with --stream: end after this many lines"),
    timestamps: optional(Schema.Boolean, "return lines as objects with stream and arrival time"),
    ansi: optional(Schema.Boolean, "keep colour codes"),
    raw: optional(Schema.Boolean, "an agent's raw events instead of their text")
  }),
  output: Schema.Union([
    InlineLogs,
    LinesOfMany,
    Schema.Struct({
      kind: Schema.tag("summary+artifact"),
      summary: Schema.String,
      inline: InlineLogs,
      artifact: Artifact
    })
  ]),
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "IllegalTransition",
    "TaskWaitTimedOut",
    "StoreError"
  ],
  examples: [
    { title: "the newest lines", payload: { id: "demo" } },
    {
      title: "errors with the lines around them",
      payload: { id: "demo", grep: "error|warn", context: 2 }
    }
  ],
  batch: false,
  flags: ["output", "stream", "follow", "timeout"],
  readOnly: true,
  positional: "id",
  resume: "cursor",
  human: "lines",
  web: "POST",
  mcp: { tool: "TaskLogs" }
})

/**
 * A frame of a stream, and an event of an answer. `<kind>Id` is the id of its subject. `since` of
 * `events` takes `sequence`, and `since` of `logs` takes `data.cursor` of a line. The sequence of a
 * line is that of the last event before it.
 */
export const Frame = Schema.Struct({
  type: Schema.String,
  taskId: Schema.optionalKey(Schema.String),
  pipelineId: Schema.optionalKey(Schema.String),
  scheduleId: Schema.optionalKey(Schema.String),
  loopId: Schema.optionalKey(Schema.String),
  sequence: Schema.Int,
  timestamp: Schema.String,
  actor: Schema.optionalKey(Actor),
  data: Schema.Record(Schema.String, Schema.Unknown)
})
export type Frame = typeof Frame.Type

/** A position in the history, as `events` or `wait` returns it. */
const Sequence = Schema.Union([
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  Schema.String.check(
    Schema.isPattern(/^[0-9]{1,15}$/u, {
      message: "expected a whole number, or its digits as a string"
    })
  )
])

/** Reads the history. */
export const events = operation({
  name: "events",
  summary: "Read the event log: every change of every task, pipeline and loop, in one sequence.",
  input: Schema.Struct({
    id: optional(TaskId, "only of this task"),
    ids: optional(atLeastOne(TaskId).check(Schema.isMaxLength(1000)), "only of these tasks"),
    tag: optional(Tag, "only of tasks with this tag"),
    pipelineId: optional(PipelineId, "only of this pipeline and of its tasks"),
    loopId: optional(LoopId, "only of this loop and of its tasks"),
    types: optional(atLeastOne(NonEmptyText), "only of these types, such as task.completed"),
    since: optional(
      Sequence,
      "only events after this sequence: the cursor of an earlier answer, or an event's sequence (default 0)"
    ),
    limit: optional(between(1, 10_000), "how many (default 1000)"),
    lines: optional(Schema.Boolean, "with --stream: also output lines, as frames"),
    follow: optional(Schema.Boolean, "with --stream: print new events as they happen"),
    full: about(
      full,
      "every fact of an event, including null and empty ones, and every field of the tasks and pipelines at the start of a stream"
    )
  }),
  output: Schema.Union([
    Schema.Struct({ events: Schema.Array(Frame), cursor: Schema.Int }),
    ArtifactAnswer
  ]),
  cut: {
    of: (data) => ("events" in data ? { ...data, events: data.events.map(cutFrame) } : data)
  },
  errors: ["CommandInputError", "TaskNotFound", "PipelineNotFound", "LoopNotFound", "StoreError"],
  examples: [
    { title: "everything", payload: {} },
    { title: "ends only", payload: { types: ["task.completed", "task.failed", "task.cancelled"] } }
  ],
  batch: false,
  flags: ["stream", "output"],
  readOnly: true,
  positional: null,
  resume: "sequence",
  web: "GET",
  mcp: {}
})
