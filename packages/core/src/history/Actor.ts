/** Who or what caused a transition. */
import * as Schema from "effect/Schema"

/** The cause of a transition. `why` reports it. */
export const Actor = Schema.Struct({
  kind: Schema.Literals([
    "caller",
    "schedule",
    "loop",
    "dependency",
    "limit",
    "recovery",
    "engine"
  ]),
  client: Schema.optionalKey(Schema.String),
  sessionId: Schema.optionalKey(Schema.String),
  pid: Schema.optionalKey(Schema.Int)
})
export type Actor = typeof Actor.Type

/** The engine itself, for a step that follows from an earlier decision. */
export const engine: Actor = { kind: "engine" }

/** A limit in the task's specification: a timeout, a probe, an output limit, the restart policy. */
export const limit: Actor = { kind: "limit" }

/** The end of a task that others depend on. */
export const dependency: Actor = { kind: "dependency" }

/** The engine while it recovers the tasks of an earlier engine. */
export const recovery: Actor = { kind: "recovery" }
