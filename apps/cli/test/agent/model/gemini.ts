/** Google's Gemini API, as Gemini CLI asks it. Source: ai.google.dev/api/generate-content. */
import { offersTools, tokens, unnamed } from "./Answer.ts"
import type { Protocol, Spoken } from "./Answer.ts"

const part = (spoken: Spoken) =>
  spoken.kind === "text"
    ? { text: spoken.text }
    : { functionCall: { name: spoken.name, args: spoken.input } }

const whole = (spoken: Spoken) => ({
  candidates: [
    { content: { role: "model", parts: [part(spoken)] }, finishReason: "STOP", index: 0 }
  ],
  usageMetadata: {
    promptTokenCount: tokens.input,
    candidatesTokenCount: tokens.output,
    totalTokenCount: tokens.total
  },
  modelVersion: "mock-model"
})

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  429: "RESOURCE_EXHAUSTED"
}

const error = (code: number, message: string) => ({
  error: { code, message, status: statuses[code] ?? "INTERNAL" }
})

// Gemini CLI asks a small model how hard a prompt is and who speaks next, and without JSON again for a minute.
const judgement = {
  complexity_reasoning: "It is simple.",
  complexity_score: 1,
  reasoning: "Nothing is left to do.",
  next_speaker: "user"
}

/** Google's protocol. */
export const gemini: Protocol = {
  name: "gemini",
  takes: (path) => path.endsWith(":generateContent") || path.endsWith(":streamGenerateContent"),
  offersTools,
  aside: JSON.stringify(judgement),
  streams: (path) => path.endsWith(":streamGenerateContent"),
  whole,
  stream: (spoken) => [unnamed(whole(spoken))],
  broken: (message) => unnamed(error(500, message)),
  refusal: error
}
