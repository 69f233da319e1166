/** What an ended attempt leaves for those that go on from it. */
import * as Schema from "effect/Schema"
import { AgentResult } from "../task/AgentOutcome.ts"
import { Failure } from "../task/Failure.ts"
import { GitState } from "../task/GitState.ts"
import { TaskStatus } from "../task/TaskState.ts"

/** How many lines of each stream are kept, and how many bytes of them. */
export const keptLines = 50
/** In UTF-8, with a newline each. */
export const keptBytes = 8192

/**
 * The last attempt of a task: `request` is what it was asked (its prompt, script or command line), `stdout` and `stderr` are their last
 * lines, `added` the new instructions of a resumption, `git` its work tree, null where there is none: as an agent left it at its `end`, of commands and scripts as it
 * is `now`. `endedAt` is epoch milliseconds.
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
