/** A task as callers see it. Times are ISO 8601 in UTC with milliseconds, durations milliseconds, sizes bytes. */
import { Actor } from "@backbeat/core/history/Actor"
import { AgentResult } from "@backbeat/core/task/AgentOutcome"
import { Effort, PermissionMode } from "@backbeat/core/task/AgentWork"
import { Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import { Failure } from "@backbeat/core/task/Failure"
import { Notify } from "@backbeat/core/task/Notify"
import { HealthProbe, Probe } from "@backbeat/core/task/Probe"
import { RestartPolicy } from "@backbeat/core/task/RestartPolicy"
import { Priority } from "@backbeat/core/task/TaskSpec"
import { Health, TaskStatus } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { about, optional } from "./fields.ts"

/** The fields beside a task or pipeline whose end was awaited. */
export const lastLines = optional(
  Schema.Array(Schema.String),
  "with wait or --wait, when it failed: the last five lines of both streams, before them at most ten that look like errors, `...` where lines are left out; of a pipeline its first task that failed"
)

/** The fields beside a task of a batch that was awaited. */
export const timedOut = optional(
  Schema.Boolean,
  "in a batch with --wait: true if the wait timed out first; the task continues"
)

/** The fields beside an awaited task with readyWhen. */
export const neverReady = optional(
  Schema.Boolean,
  "with --wait and readyWhen: true if it completed, and was never seen to be ready before"
)

/** The output files of the last attempt. A path is null before the first attempt. */
export const LogFiles = Schema.Struct({
  stdoutPath: Schema.NullOr(Schema.String),
  stderrPath: Schema.NullOr(Schema.String),
  stdoutBytes: Schema.Int,
  stderrBytes: Schema.Int
})

const brief = {
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  kind: Schema.Literals(["command", "script", "prompt"]),
  status: TaskStatus,
  health: Schema.NullOr(Health),
  command: Schema.NullOr(Schema.String),
  args: Schema.Array(Schema.String),
  script: Schema.NullOr(Schema.String),
  prompt: Schema.NullOr(Schema.String),
  agent: Schema.NullOr(Schema.String),
  model: Schema.NullOr(Schema.String),
  cwd: Schema.String,
  tags: Schema.Array(Schema.String),
  priority: Priority,
  queue: Schema.String,
  attempt: Schema.Int,
  restartCount: Schema.Int,
  pid: Schema.NullOr(Schema.Int).annotate({
    description:
      "the leader of the process group: the shell around the command. It survives stop signals, to record how the command ends; use stop, or send with a signal"
  }),
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Failure),
  dependsOn: Schema.Array(Dependency),
  retryOf: Schema.NullOr(Schema.String),
  parentTaskId: Schema.NullOr(Schema.String),
  pipelineId: Schema.NullOr(Schema.String),
  scheduleId: optional(Schema.String, "the schedule that started it"),
  loopId: optional(Schema.String, "the loop that started it"),
  owner: Schema.Struct({
    client: Schema.NullOr(Schema.String),
    sessionId: Schema.NullOr(Schema.String),
    taskId: Schema.NullOr(Schema.String)
  }),
  createdAt: Schema.String,
  startedAt: Schema.NullOr(Schema.String),
  endedAt: Schema.NullOr(Schema.String),
  durationMs: Schema.NullOr(Schema.Finite),
  costUsd: Schema.NullOr(Schema.Finite),
  lastLines: optional(Schema.Array(Schema.String), "with lastLines of list: its last lines"),
  memoryBytes: optional(
    Schema.Int,
    "with resources of list, while the task runs: the memory of its processes; shared pages count for each"
  )
}

/** A task of a pipeline with `full`. */
export const BriefTask = Schema.Struct(brief)
export type BriefTask = typeof BriefTask.Type

/** The open dependencies of a blocked task, with the status of each. */
export const WaitsFor = Schema.Array(
  Schema.Struct({ task: Schema.String, on: DependencyCondition, status: TaskStatus })
)

/** The description of `lastEnd`. */
export const lastEndText =
  "set when its next attempt was cancelled before it started: how the last attempt that ran has ended"

/** The end of an attempt, without its agent's result. */
export const attemptEnd = {
  attempt: about(Schema.Int, "the attempt that ran"),
  exitCode: optional(Schema.Int, "when it ended by exiting"),
  signal: optional(Schema.String, "when a signal ended it, and nothing failed"),
  failure: optional(Failure, "why it failed, if exitCode does not explain it")
}

/**
 * Everything about a task except secrets: of its environment only the names of the given variables.
 */
export const TaskAnswer = Schema.Struct({
  ...brief,
  cpuMs: Schema.NullOr(Schema.Finite),
  waitsFor: WaitsFor,
  continueFrom: Schema.NullOr(Schema.String),
  additionalContext: Schema.NullOr(Schema.String),
  effort: Schema.NullOr(Effort),
  systemPrompt: Schema.NullOr(Schema.String),
  permissionMode: Schema.NullOr(PermissionMode),
  maxTurns: Schema.NullOr(Schema.Int),
  maxCostUsd: Schema.NullOr(Schema.Finite),
  outputSchema: Schema.NullOr(Schema.JsonObject),
  result: Schema.NullOr(AgentResult),
  lastEnd: Schema.NullOr(
    Schema.Struct({
      ...attemptEnd,
      result: optional(AgentResult, "the result that its agent reported")
    })
  ).annotate({ description: lastEndText }),
  /**
   * The processes that the stop of its last attempt has ended: `<pid> <command>` of at most ten,
   * and how many more.
   */
  ended: Schema.Array(Schema.String),
  endedMore: Schema.Int,
  /** The TCP ports on which these processes listened. Linux only. */
  freedPorts: Schema.Array(Schema.Int),
  /**
   * After the end: the maximum memory of one of its processes. Null if no running engine observed
   * the end.
   */
  peakMemoryBytes: Schema.NullOr(Schema.Int),
  /** When the attempt was committed; `startedAt` is when it was spawned. */
  openedAt: Schema.NullOr(Schema.String),
  retryAt: Schema.NullOr(Schema.String),
  notBefore: Schema.NullOr(Schema.String),
  stopping: Schema.NullOr(
    Schema.Struct({
      by: Actor,
      reason: Schema.NullOr(Schema.String),
      signal: Schema.String,
      since: Schema.String,
      killAt: Schema.String
    })
  ),
  cancelled: Schema.NullOr(Schema.Struct({ by: Actor, reason: Schema.NullOr(Schema.String) })),
  /** Equal for all tasks with the same work and folder. */
  workKey: Schema.String,
  envKeys: Schema.Array(Schema.String),
  forgetEnv: Schema.Boolean,
  stdin: Schema.Literals(["null", "open", "text", "file"]),
  timeout: Schema.NullOr(Schema.Int),
  stallTimeoutMs: Schema.NullOr(Schema.Int),
  stopSignal: Schema.String,
  gracePeriodMs: Schema.Int,
  successExitCodes: Schema.Array(Schema.Int),
  restart: RestartPolicy,
  readyWhen: Schema.NullOr(Probe),
  healthProbe: Schema.NullOr(HealthProbe),
  maxOutputBytes: Schema.Int,
  notify: Schema.NullOr(Notify),
  logs: LogFiles
})
export type TaskAnswer = typeof TaskAnswer.Type
