/** The state of a git work tree when an attempt ended. */
import * as Schema from "effect/Schema"

/**
 * `branch` is null on a detached head, `commit` before the first one. `dirty` are the first changed and untracked paths, as `git
 * status --porcelain` names them, `dirtyCount` how many there are.
 */
export const GitState = Schema.Struct({
  branch: Schema.NullOr(Schema.String),
  commit: Schema.NullOr(Schema.String),
  dirty: Schema.Array(Schema.String),
  dirtyCount: Schema.Int
})
export type GitState = typeof GitState.Type
