/** The events of `codex exec --json` that backbeat uses. */
import * as Schema from "effect/Schema"
import { lenient } from "../text/lenient.ts"

const Change = Schema.Struct({ path: Schema.String, kind: lenient(Schema.String) })

const Item = Schema.Struct({
  type: Schema.String,
  text: lenient(Schema.String),
  message: lenient(Schema.String),
  command: lenient(Schema.String),
  changes: lenient(Schema.Array(Change)),
  server: lenient(Schema.String),
  tool: lenient(Schema.String),
  arguments: Schema.optionalKey(Schema.Unknown),
  query: lenient(Schema.String),
  prompt: lenient(Schema.String),
  status: lenient(Schema.String),
  exit_code: lenient(Schema.Int)
})
export type Item = typeof Item.Type

/**
 * An event that backbeat uses. `usage` counts from the start of the session, also after a resume.
 */
export const CodexEvent = Schema.Union([
  Schema.Struct({ type: Schema.tag("thread.started"), thread_id: lenient(Schema.String) }),
  Schema.Struct({ type: Schema.tag("turn.started") }),
  Schema.Struct({
    type: Schema.tag("turn.completed"),
    usage: lenient(
      Schema.Struct({ input_tokens: lenient(Schema.Finite), output_tokens: lenient(Schema.Finite) })
    )
  }),
  Schema.Struct({
    type: Schema.tag("turn.failed"),
    error: lenient(Schema.Struct({ message: lenient(Schema.String) }))
  }),
  Schema.Struct({ type: Schema.Literals(["item.started", "item.completed"]), item: Item }),
  Schema.Struct({ type: Schema.tag("error"), message: lenient(Schema.String) })
])
export type CodexEvent = typeof CodexEvent.Type
