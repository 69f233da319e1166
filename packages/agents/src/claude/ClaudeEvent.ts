/** The events of `claude -p --output-format stream-json` that backbeat uses. */
import * as Schema from "effect/Schema"
import { lenient } from "../text/lenient.ts"

const Block = Schema.Struct({
  type: Schema.String,
  text: lenient(Schema.String),
  name: lenient(Schema.String),
  input: Schema.optionalKey(Schema.Unknown),
  content: Schema.optionalKey(Schema.Unknown),
  is_error: lenient(Schema.Boolean)
})
export type Block = typeof Block.Type

const sessionId = lenient(Schema.String)

const Message = Schema.Struct({
  type: Schema.Literals(["assistant", "user"]),
  session_id: sessionId,
  /** Set if the message is from a subagent. */
  parent_tool_use_id: lenient(Schema.String),
  message: Schema.Struct({ content: Schema.Union([Schema.String, Schema.Array(Block)]) })
})

const Notice = Schema.Struct({
  type: Schema.tag("system"),
  session_id: sessionId,
  subtype: lenient(Schema.String),
  attempt: lenient(Schema.Int),
  max_retries: lenient(Schema.Int),
  error_status: lenient(Schema.Int),
  error: lenient(Schema.String)
})

const Tokens = Schema.Struct({
  input_tokens: lenient(Schema.Finite),
  cache_creation_input_tokens: lenient(Schema.Finite),
  cache_read_input_tokens: lenient(Schema.Finite),
  output_tokens: lenient(Schema.Finite)
})

const ModelTokens = Schema.Struct({
  inputTokens: lenient(Schema.Finite),
  cacheCreationInputTokens: lenient(Schema.Finite),
  cacheReadInputTokens: lenient(Schema.Finite),
  outputTokens: lenient(Schema.Finite)
})

const Result = Schema.Struct({
  type: Schema.tag("result"),
  subtype: lenient(Schema.String),
  session_id: sessionId,
  is_error: lenient(Schema.Boolean),
  api_error_status: lenient(Schema.Int),
  terminal_reason: lenient(Schema.String),
  result: lenient(Schema.String),
  errors: lenient(Schema.Array(Schema.String)),
  /** All denied tool calls of this run. */
  permission_denials: lenient(
    Schema.Array(
      Schema.Struct({
        tool_name: lenient(Schema.String),
        tool_input: Schema.optionalKey(Schema.Unknown)
      })
    )
  ),
  /** Turns that have not started yet: another result follows. */
  queued_turn_count: lenient(Schema.Int),
  num_turns: lenient(Schema.Int),
  structured_output: Schema.optionalKey(Schema.Unknown),
  /**
   * Counts from the start of the session, also after a resume, as `modelUsage` does. `usage` is of
   * this call.
   */
  total_cost_usd: lenient(Schema.Finite),
  usage: lenient(Tokens),
  modelUsage: lenient(Schema.Record(Schema.String, ModelTokens))
})
export type ClaudeResult = typeof Result.Type

/** An event that backbeat uses. */
export const ClaudeEvent = Schema.Union([Message, Notice, Result])
export type ClaudeEvent = typeof ClaudeEvent.Type
