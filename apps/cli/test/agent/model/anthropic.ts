/** Anthropic's Messages API, as Claude Code asks it. Source: docs.anthropic.com/en/api/messages-streaming. */
import { named, offersTools, tokens } from "./Answer.ts"
import type { Protocol, Spoken } from "./Answer.ts"

const usage = {
  input_tokens: tokens.input,
  output_tokens: tokens.output,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0
}

const message = (nth: number) => ({
  id: `msg_${nth}`,
  type: "message",
  role: "assistant",
  model: "mock-model",
  stop_sequence: null,
  usage
})

const stopReason = (spoken: Spoken) => (spoken.kind === "text" ? "end_turn" : "tool_use")

const tool = (name: string, nth: number) => ({ type: "tool_use", id: `toolu_${nth}`, name })

const begin = (spoken: Spoken, nth: number) =>
  spoken.kind === "text" ? { type: "text", text: "" } : { ...tool(spoken.name, nth), input: {} }

const delta = (spoken: Spoken) =>
  spoken.kind === "text"
    ? { type: "text_delta", text: spoken.text }
    : { type: "input_json_delta", partial_json: JSON.stringify(spoken.input) }

const error = (type: string, text: string) =>
  ({ type: "error", error: { type, message: text } }) as const

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  429: "rate_limit_error"
}

/** Anthropic's protocol. */
export const anthropic: Protocol = {
  name: "anthropic",
  takes: (path) => path.endsWith("/messages"),
  offersTools,
  aside: "Aside.",
  streams: (_path, body) => body["stream"] === true,
  whole: (spoken, nth) => ({
    ...message(nth),
    content: [
      spoken.kind === "text"
        ? { type: "text", text: spoken.text }
        : { ...tool(spoken.name, nth), input: spoken.input }
    ],
    stop_reason: stopReason(spoken)
  }),
  stream: (spoken, nth) => [
    named({ type: "message_start", message: { ...message(nth), content: [], stop_reason: null } }),
    named({ type: "content_block_start", index: 0, content_block: begin(spoken, nth) }),
    named({ type: "content_block_delta", index: 0, delta: delta(spoken) }),
    named({ type: "content_block_stop", index: 0 }),
    named({
      type: "message_delta",
      delta: { stop_reason: stopReason(spoken), stop_sequence: null },
      usage: { output_tokens: tokens.output }
    }),
    named({ type: "message_stop" })
  ],
  broken: (text) => named(error("overloaded_error", text)),
  refusal: (status, text) => error(errorTypes[status] ?? "api_error", text)
}
