/** The state of a git work tree when an attempt ended. */
import * as Schema from "effect/Schema"

/**
 * `branch` is null on a detached head, `commit` before the first commit. `dirty` has the first
 * changed and untracked paths, as `git status --porcelain` names them; `dirtyCount` is their
 * number.
 */
export const GitState = Schema.Struct({
  branch: Schema.NullOr(Schema.String),
  commit: Schema.NullOr(Schema.String),
  dirty: Schema.Array(Schema.String),
  dirtyCount: Schema.Int,
  /** Names the content of its tracked files and the untracked paths; absent where that took too long. */
  tree: Schema.optionalKey(Schema.String)
})
export type GitState = typeof GitState.Type
