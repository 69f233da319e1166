/** The owner of a task, a pipeline or a schedule. */
import * as Schema from "effect/Schema"

/**
 * The owner of a task: the session that started it, and the task in which the call was made.
 * `requestId` identifies the call, so that a repeated call finds the tasks that it has already
 * created.
 */
export const Owner = Schema.Struct({
  sessionId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String),
  depth: Schema.Int,
  requestId: Schema.optionalKey(Schema.String),
  /** The client that made the call; absent in rows of earlier versions. */
  client: Schema.optionalKey(Schema.String),
  /** The terminal and its session leader, for a caller without an agent session. */
  terminal: Schema.optionalKey(Schema.String)
})
export type Owner = typeof Owner.Type

/**
 * The key that all tasks of one owner share: the session, else the terminal; null if neither is
 * known.
 */
export const ownerKey = ({ sessionId, terminal }: Owner): string | null =>
  sessionId ?? terminal ?? null
