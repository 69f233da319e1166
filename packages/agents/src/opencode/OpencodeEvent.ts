/** The events of `opencode run --format json` that backbeat uses. */
import * as Schema from "effect/Schema"
import { lenient } from "../text/lenient.ts"

const sessionID = lenient(Schema.String)

const ToolState = Schema.Struct({
  status: lenient(Schema.String),
  input: Schema.optionalKey(Schema.Unknown),
  error: lenient(Schema.String)
})

// The counts do not overlap, and all are of this step alone.
const Tokens = Schema.Struct({
  total: lenient(Schema.Finite),
  input: lenient(Schema.Finite),
  output: lenient(Schema.Finite),
  reasoning: lenient(Schema.Finite),
  cache: lenient(Schema.Struct({ read: lenient(Schema.Finite), write: lenient(Schema.Finite) }))
})
export type Tokens = typeof Tokens.Type

/** An event that backbeat uses. */
export const OpencodeEvent = Schema.Union([
  Schema.Struct({ type: Schema.tag("step_start"), sessionID }),
  Schema.Struct({
    type: Schema.tag("text"),
    sessionID,
    part: Schema.Struct({ text: lenient(Schema.String) })
  }),
  Schema.Struct({
    type: Schema.tag("tool_use"),
    sessionID,
    part: Schema.Struct({ tool: lenient(Schema.String), state: lenient(ToolState) })
  }),
  Schema.Struct({
    type: Schema.tag("step_finish"),
    sessionID,
    part: Schema.Struct({
      reason: lenient(Schema.String),
      cost: lenient(Schema.Finite),
      tokens: lenient(Tokens)
    })
  }),
  Schema.Struct({
    type: Schema.tag("error"),
    sessionID,
    error: lenient(
      Schema.Struct({
        name: lenient(Schema.String),
        data: lenient(
          Schema.Struct({ message: lenient(Schema.String), statusCode: lenient(Schema.Int) })
        )
      })
    )
  })
])
export type OpencodeEvent = typeof OpencodeEvent.Type
