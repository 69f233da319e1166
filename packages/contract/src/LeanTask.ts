/**
 * A task as answers show it, unless `full` asks for every field. Null, empty and default values are
 * left out.
 */
import { Allowing, Denied } from "@backbeat/core/task/AgentOutcome"
import { Failure } from "@backbeat/core/task/Failure"
import { Priority } from "@backbeat/core/task/TaskSpec"
import { Health, TaskStatus } from "@backbeat/core/task/TaskState"
import { Actor } from "@backbeat/core/history/Actor"
import * as Schema from "effect/Schema"
import { optional } from "./fields.ts"
import { attemptEnd, lastEndText, TaskAnswer, WaitsFor } from "./TaskAnswer.ts"

/** How many characters the line with a task's work has. */
export const whatMaxCharacters = 120

/** How many of the processes that a stop has ended are shown. */
export const endedShown = 3

/** How many characters of an agent's last message are shown. */
export const resultMaxCharacters = 4000

const LeanResult = Schema.Struct({
  text: optional(Schema.String, `its last message, at most ${resultMaxCharacters} characters`),
  textBytes: optional(Schema.Int, "how long that message is in bytes, when it was cut"),
  isError: optional(Schema.Boolean, "true if the agent reported an error"),
  structured: optional(Schema.Json, "the answer to outputSchema"),
  denied: optional(Schema.Array(Denied), "the calls that its permissions denied, at most ten"),
  deniedMore: optional(Schema.Int, "how many more were denied"),
  allowedBy: optional(Allowing, "the field of resume that would allow them")
})

const brief = {
  id: Schema.String,
  name: optional(Schema.String, "its name, when it has one"),
  status: TaskStatus,
  health: optional(Health, "while it runs, when it has a probe"),
  what: optional(
    Schema.String,
    `its command, script or prompt in one line of at most ${whatMaxCharacters} characters; not in the answer to the call that carried it`
  ),
  agent: optional(Schema.String, "the agent of a prompt; absent for a command and a script"),
  attempt: optional(Schema.Int, "the attempt, when it is not the first"),
  exitCode: optional(Schema.Int, "once it has ended, if it exited"),
  failure: optional(Failure, "why it failed, if exitCode does not explain it"),
  startedAt: optional(
    Schema.String,
    "when the attempt began, while it has not ended; not in an answer that waited"
  ),
  endedAt: optional(Schema.String, "when it ended; not in an answer that waited"),
  durationMs: optional(Schema.Finite, "how long its attempt ran, once the task has ended"),
  lastLines: optional(Schema.Array(Schema.String), "with lastLines of list: its last lines"),
  memoryBytes: optional(
    Schema.Int,
    "with resources of list, while the task runs: the memory of its processes; shared pages count for each"
  ),
  costUsd: optional(Schema.Finite, "the cost of its agent's attempt, if the agent reports it"),
  client: optional(Schema.String, "the client that started it, when it is not the caller's")
}

/** A task in a list or a pipeline. */
export const LeanBriefTask = Schema.Struct(brief)
export type LeanBriefTask = typeof LeanBriefTask.Type

/** A task that was requested by its id or was just created. */
export const LeanTask = Schema.Struct({
  ...brief,
  pid: optional(Schema.Int, "the leader of its process group, while it runs"),
  queue: optional(Schema.String, "the queue, when it is not the one for its kind"),
  priority: optional(Priority, "when it is not P2"),
  cwd: optional(Schema.String, "its working directory, when it is not the caller's"),
  waitsFor: optional(WaitsFor, "while it is blocked: what it waits for"),
  notBefore: optional(
    Schema.String,
    "while it is queued: the instant before which it does not start"
  ),
  retryAt: optional(Schema.String, "while it is retrying: when the next attempt starts"),
  cancelled: optional(
    Schema.Struct({
      by: optional(Actor, "who cancelled it, when that is not the caller's session"),
      reason: optional(Schema.String, "the reason that was given")
    }),
    "by whom and why it was cancelled"
  ),
  ended: optional(
    Schema.Array(Schema.String),
    `when a limit ended it: the processes that were alive, \`<pid> <command>\`, at most ${endedShown}`
  ),
  endedMore: optional(Schema.Int, "how many more there were"),
  freedPorts: optional(
    Schema.Array(Schema.Int),
    "the TCP ports on which these had listened; Linux only"
  ),
  result: optional(LeanResult, "the result that its agent reported"),
  lastEnd: optional(
    Schema.Struct({
      ...attemptEnd,
      result: optional(LeanResult, "the result that its agent reported")
    }),
    lastEndText
  )
})
export type LeanTask = typeof LeanTask.Type

/** One task in an answer: every field with `full`, otherwise those with information. */
export const ShownTask = Schema.Union([TaskAnswer, LeanTask])
export type ShownTask = typeof ShownTask.Type

/** The field `full` of every operation that returns tasks. */
export const full = optional(
  Schema.Boolean,
  "every field of a task, also null, empty and default ones"
)
