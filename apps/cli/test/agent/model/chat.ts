/**
 * OpenAI's Chat Completions API, as opencode asks a provider that its configuration names.
 * Source: platform.openai.com/docs/api-reference/chat.
 */
import { offersTools, tokens, unnamed } from "./Answer.ts"
import type { Protocol, Spoken } from "./Answer.ts"

const usage = {
  prompt_tokens: tokens.input,
  completion_tokens: tokens.output,
  total_tokens: tokens.total
}

const message = (spoken: Spoken, nth: number) =>
  spoken.kind === "text"
    ? { role: "assistant", content: spoken.text }
    : {
        role: "assistant",
        content: null,
        tool_calls: [
          {
            index: 0,
            id: `call_${nth}`,
            type: "function",
            function: { name: spoken.name, arguments: JSON.stringify(spoken.input) }
          }
        ]
      }

const finish = (spoken: Spoken) => (spoken.kind === "text" ? "stop" : "tool_calls")

const completion = (nth: number, object: string) => ({
  id: `chat_${nth}`,
  object,
  created: 0,
  model: "mock-model"
})

/** OpenAI's older, which many others speak: its protocol. */
export const chat: Protocol = {
  name: "chat",
  takes: (path) => path.endsWith("/chat/completions"),
  offersTools,
  aside: "Aside.",
  streams: (_path, body) => body["stream"] === true,
  whole: (spoken, nth) => ({
    ...completion(nth, "chat.completion"),
    choices: [{ index: 0, message: message(spoken, nth), finish_reason: finish(spoken) }],
    usage
  }),
  stream: (spoken, nth) => {
    const chunk = completion(nth, "chat.completion.chunk")
    return [
      unnamed({
        ...chunk,
        choices: [{ index: 0, delta: message(spoken, nth), finish_reason: null }]
      }),
      unnamed({
        ...chunk,
        choices: [{ index: 0, delta: {}, finish_reason: finish(spoken) }],
        usage
      }),
      "data: [DONE]\n\n"
    ]
  },
  broken: (text) => unnamed({ error: { message: text, type: "server_error", code: 500 } }),
  refusal: (status, text) => ({ error: { message: text, type: "mock_error", code: status } })
}
