/** The events of `gemini -o stream-json` that backbeat uses. */
import * as Schema from "effect/Schema"
import { lenient } from "../text/lenient.ts"

const ErrorField = lenient(
  Schema.Struct({ type: lenient(Schema.String), message: lenient(Schema.String) })
)

/**
 * An event that backbeat uses. `stats` are of this call, also after a resume; `input_tokens`
 * include those from a cache.
 */
export const GeminiEvent = Schema.Union([
  Schema.Struct({ type: Schema.tag("init"), session_id: lenient(Schema.String) }),
  Schema.Struct({
    type: Schema.tag("message"),
    role: lenient(Schema.String),
    content: lenient(Schema.String),
    delta: lenient(Schema.Boolean)
  }),
  Schema.Struct({
    type: Schema.tag("tool_use"),
    tool_id: lenient(Schema.String),
    tool_name: lenient(Schema.String),
    parameters: Schema.optionalKey(Schema.Unknown)
  }),
  Schema.Struct({
    type: Schema.tag("tool_result"),
    tool_id: lenient(Schema.String),
    status: lenient(Schema.String),
    error: ErrorField
  }),
  Schema.Struct({
    type: Schema.tag("error"),
    severity: lenient(Schema.String),
    message: lenient(Schema.String)
  }),
  Schema.Struct({
    type: Schema.tag("result"),
    status: lenient(Schema.String),
    error: ErrorField,
    stats: lenient(
      Schema.Struct({ input_tokens: lenient(Schema.Finite), output_tokens: lenient(Schema.Finite) })
    )
  })
])
export type GeminiEvent = typeof GeminiEvent.Type
