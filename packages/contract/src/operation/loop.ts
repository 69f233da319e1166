/** The operations on loops: `loop`. */
import { LoopStatus } from "@backbeat/core/loop/Loop"
import { LoopId } from "@backbeat/core/loop/LoopId"
import * as Schema from "effect/Schema"
import {
  about,
  atLeastOne,
  between,
  counted,
  Instant,
  NonEmptyText,
  optional,
  page,
  warnings
} from "../fields.ts"
import { full } from "../LeanTask.ts"
import { BriefLoop, LoopAnswer } from "../LoopAnswer.ts"
import { operation } from "../Operation.ts"
import { LoopInput } from "./loopInput.ts"

const Answered = Schema.Struct({ loop: LoopAnswer })
const id = about(LoopId, "the loop's id")

const changing = ["CommandInputError", "LoopNotFound", "IllegalTransition", "StoreError"] as const

/** Starts a loop. */
export const loopCreate = operation({
  name: "loop create",
  environment: true,
  summary:
    "Repeat a prompt, command, script or steps until an evaluation passes, or to the best score.",
  input: LoopInput,
  output: Schema.Struct({ loop: LoopAnswer, warnings }),
  errors: [
    "CommandInputError",
    "LoopNotFound",
    "AgentUnavailable",
    "DependencyNotFound",
    "IllegalTransition",
    "QuotaExceeded",
    "StoreError",
    "TaskWaitTimedOut"
  ],
  insteadOf: {
    name: "Loops have a title.",
    dependsOn: "A loop starts at once. Use wait before, or a pipeline as its steps."
  },
  examples: [
    {
      title: "an agent that works until the tests pass",
      payload: {
        id: "green",
        strategy: "retry",
        prompt: "Make the failing tests pass.",
        agent: "claude",
        exitCondition: "npm test",
        maxIterations: 5
      }
    },
    {
      title: "a script that is repeated until a file is there",
      payload: {
        id: "until-ready",
        strategy: "retry",
        script: 'test "$BACKBEAT_ITERATION" -lt 2 || touch ready',
        exitCondition: "test -e ready"
      }
    },
    {
      title: "the lowest of three scores",
      payload: {
        id: "tune",
        strategy: "optimize",
        evalDirection: "minimize",
        script: 'echo "$BACKBEAT_ITERATION" >size',
        exitCondition: "cat size",
        maxIterations: 3
      }
    }
  ],
  batch: false,
  flags: ["wait", "timeout"],
  readOnly: false,
  positional: null,
  web: "POST",
  mcp: { tool: "CreateLoop" }
})

/** Tells of one loop. */
export const loopGet = operation({
  name: "loop get",
  summary: "Show the state of a loop, and with history each iteration and its evaluation.",
  input: Schema.Struct({
    id,
    history: optional(Schema.Boolean, "also show its iterations, newest first"),
    limit: optional(between(1, 500), "with history: how many (default 20)"),
    before: optional(
      between(0, 1_000_000),
      "with history: only iterations before this number: `next` of the answer before"
    ),
    full
  }),
  output: Answered,
  errors: ["CommandInputError", "LoopNotFound", "StoreError"],
  examples: [
    { title: "one loop", payload: { id: "green" } },
    { title: "with its last five iterations", payload: { id: "green", history: true, limit: 5 } }
  ],
  batch: false,
  flags: ["output"],
  readOnly: true,
  positional: "id",
  web: "POST",
  mcp: { tool: "LoopStatus" }
})

/** Lists loops, newest first. */
export const loopList = operation({
  name: "loop list",
  summary: "List loops, newest first.",
  input: Schema.Struct({
    status: optional(
      Schema.Union([LoopStatus, atLeastOne(LoopStatus)]),
      "only in this status, or one of these"
    ),
    since: optional(Instant, "only created at or after this instant"),
    ...page
  }),
  output: Schema.Struct({
    ...counted,
    loops: Schema.Array(BriefLoop),
    next: optional(Schema.String, "the cursor for `after`, when there are more")
  }),
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "the newest", payload: {} },
    { title: "what has not ended", payload: { status: ["running", "pausing", "paused"] } }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  web: "POST",
  mcp: { tool: "ListLoops" }
})

/** Pauses a loop. */
export const loopPause = operation({
  name: "loop pause",
  summary: "Pause a loop after its current iteration, or at once with force.",
  input: Schema.Struct({
    id,
    force: optional(
      Schema.Boolean,
      "stop the current iteration, which is not evaluated then (default false)"
    ),
    reason: optional(NonEmptyText, "the reason, shown by loop get and why")
  }),
  output: Answered,
  errors: changing,
  examples: [
    { title: "after the current iteration", payload: { id: "green" } },
    { title: "at once", payload: { id: "green", force: true } }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  web: "POST",
  mcp: { tool: "PauseLoop" }
})

/** Lets a paused loop go on. */
export const loopResume = operation({
  name: "loop resume",
  summary: "Let a paused loop continue with its next iteration.",
  input: Schema.Struct({ id }),
  output: Answered,
  errors: changing,
  examples: [{ title: "a paused loop", payload: { id: "green" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  web: "POST",
  mcp: { tool: "ResumeLoop" }
})

/** Ends a loop. */
export const loopCancel = operation({
  name: "loop cancel",
  summary:
    "End a loop, stop its current iteration unless cancelTasks is false, and return when it has ended.",
  input: Schema.Struct({
    id,
    reason: optional(NonEmptyText, "the reason, shown by loop get and why"),
    cancelTasks: optional(
      Schema.Boolean,
      "false: what runs of it continues, and is not evaluated (default true)"
    )
  }),
  output: Answered,
  waits: true,
  errors: [...changing, "StopIncomplete"],
  examples: [{ title: "with a reason", payload: { id: "green", reason: "good enough" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  web: "POST",
  mcp: { tool: "CancelLoop" }
})

/** Removes the worktree of a loop. */
export const loopClean = operation({
  name: "loop clean",
  summary:
    "Remove the worktree of a loop that has ended. Its branch, and the commits of its iterations, stay.",
  input: Schema.Struct({
    id,
    discard: optional(
      Schema.Boolean,
      "also remove files in the worktree that no commit has (default false: they are listed, and nothing is removed)"
    ),
    refs: optional(
      Schema.Boolean,
      "also remove the refs that keep discarded iterations; git drops their commits some time later (default false)"
    )
  }),
  output: Schema.Struct({
    loop: LoopAnswer,
    removed: about(Schema.Array(Schema.String), "the removed worktree and refs")
  }),
  errors: changing,
  examples: [{ title: "a loop that has ended", payload: { id: "green" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "id",
  web: "POST",
  mcp: {}
})
