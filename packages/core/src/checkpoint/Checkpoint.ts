/** The facts of an ended attempt that a later task continues from. */
import * as Schema from "effect/Schema"
import { AgentResult } from "../task/AgentOutcome.ts"
import { Failure } from "../task/Failure.ts"
import { GitState } from "../task/GitState.ts"
import { TaskStatus } from "../task/TaskState.ts"

/** The most lines of each output stream that a checkpoint keeps. */
export const keptLines = 50
/** The most bytes of each output stream: UTF-8, one newline per line. */
export const keptBytes = 8192

/**
 * The last attempt of a task. `request` is its prompt, script or command line. `added` has the new
 * instructions of a resumed task. `stdout` and `stderr` are the last lines of each stream. `git` is
 * the state of its work tree, null outside of one: `gitOf` is `end` for the state that an agent
 * left, `now` for the current state, which commands and scripts get. `endedAt` is epoch
 * milliseconds.
 */
export const Checkpoint = Schema.Struct({
  taskId: Schema.String,
  attempt: Schema.Int,
  status: TaskStatus,
  request: Schema.String,
  added: Schema.NullOr(Schema.String),
  endedAt: Schema.NullOr(Schema.Finite),
  exitCode: Schema.NullOr(Schema.Int),
  failure: Schema.NullOr(Failure),
  stdout: Schema.Array(Schema.String),
  stderr: Schema.Array(Schema.String),
  git: Schema.NullOr(GitState),
  gitOf: Schema.Literals(["end", "now"]),
  result: Schema.NullOr(AgentResult)
})
export type Checkpoint = typeof Checkpoint.Type
