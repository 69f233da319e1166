/** OpenAI's Responses API, as Codex asks it. Source: platform.openai.com/docs/api-reference/responses-streaming. */
import { named, offersTools, tokens } from "./Answer.ts"
import type { Body, Protocol, Spoken } from "./Answer.ts"

const usage = {
  input_tokens: tokens.input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: tokens.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: tokens.total
}

const item = (spoken: Spoken, nth: number) => {
  if (spoken.kind === "text")
    return {
      type: "message",
      id: `msg_${nth}`,
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: spoken.text, annotations: [] }]
    }
  const call = { call_id: `call_${nth}`, name: spoken.name, status: "completed" }
  return typeof spoken.input === "string"
    ? { type: "custom_tool_call", id: `ctc_${nth}`, ...call, input: spoken.input }
    : { type: "function_call", id: `fc_${nth}`, ...call, arguments: JSON.stringify(spoken.input) }
}

const response = (nth: number, status: string) => ({
  id: `resp_${nth}`,
  object: "response",
  created_at: 0,
  model: "mock-model",
  status
})

const texts = (spoken: Spoken, nth: number): ReadonlyArray<string> =>
  spoken.kind === "text"
    ? [
        named({
          type: "response.output_text.delta",
          item_id: `msg_${nth}`,
          output_index: 0,
          content_index: 0,
          delta: spoken.text
        })
      ]
    : []

const started = (spoken: Spoken, nth: number) =>
  spoken.kind === "text"
    ? { ...item(spoken, nth), status: "in_progress", content: [] }
    : item(spoken, nth)

// To its newer models Codex offers tools within the conversation.
const addsTools = (body: Body): boolean =>
  Array.isArray(body["input"]) &&
  body["input"].some((one: { type?: unknown }) => one.type === "additional_tools")

/** OpenAI's newer protocol. */
export const responses: Protocol = {
  name: "responses",
  takes: (path) => path.endsWith("/responses"),
  offersTools: (body) => offersTools(body) || addsTools(body),
  aside: "Aside.",
  streams: (_path, body) => body["stream"] === true,
  whole: (spoken, nth) => ({ ...response(nth, "completed"), output: [item(spoken, nth)], usage }),
  stream: (spoken, nth) => [
    named({ type: "response.created", response: { ...response(nth, "in_progress"), output: [] } }),
    named({ type: "response.output_item.added", output_index: 0, item: started(spoken, nth) }),
    ...texts(spoken, nth),
    named({ type: "response.output_item.done", output_index: 0, item: item(spoken, nth) }),
    named({
      type: "response.completed",
      response: { ...response(nth, "completed"), output: [item(spoken, nth)], usage }
    })
  ],
  broken: (message) =>
    named({
      type: "response.failed",
      response: { ...response(0, "failed"), error: { code: "server_error", message }, output: [] }
    }),
  refusal: (status, message) => ({
    error: {
      message,
      type: status === 429 ? "rate_limit_exceeded" : "invalid_request_error",
      param: null,
      code: null
    }
  })
}
