/** What the lines of gemini tell. */
import * as Schema from "effect/Schema"
import { callLine, deniedCall, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { attemptTotal, withCall, withResult, appendText } from "../reading/AgentProgress.ts"
import type { AgentProgress } from "../reading/AgentProgress.ts"
import { kindOf } from "../trouble/kindOf.ts"
import { GeminiEvent } from "./GeminiEvent.ts"

type Part<Type> = Extract<GeminiEvent, { type: Type }>

const showMessage = ({ content, delta, role }: Part<"message">): ReadonlyArray<Shown> => {
  if (role !== "assistant" || content === null) return []
  return [delta === true ? { piece: content } : { text: content }]
}

const showResult = ({ error }: Part<"result">): ReadonlyArray<Shown> =>
  error === null || error.message === null ? [] : [{ text: errorLine(error.message) }]

const show = (event: GeminiEvent): ReadonlyArray<Shown> => {
  switch (event.type) {
    case "message":
      return showMessage(event)
    case "tool_use":
      return [{ text: callLine(event.tool_name ?? "tool", event.parameters) }]
    case "tool_result":
      return event.status === "error"
        ? [{ text: errorLine(event.error?.message ?? "the tool failed") }]
        : []
    case "error":
      return [{ text: errorLine(event.message ?? "gemini met an error") }]
    case "result":
      return showResult(event)
    case "init":
      return []
  }
}

const learnResult = (told: AgentProgress, event: Part<"result">): AgentProgress => {
  const counted = {
    ...told,
    isOpen: false,
    inputTokens: attemptTotal(event.stats?.input_tokens ?? null),
    outputTokens: attemptTotal(event.stats?.output_tokens ?? null)
  }
  // Out of turns it tells an error, and then success.
  const isCutShort = told.problem !== null && kindOf(told.problem) === "limit"
  if (event.status === "success" && !isCutShort)
    return { ...counted, verdict: "done", problem: null }
  const message = event.error?.message ?? null
  return {
    ...counted,
    verdict: "failed",
    problem: message === null ? told.problem : { message, kind: null, status: null }
  }
}

// Gemini's own tools: one that is not registered was removed by the mode. Any other name was invented by the model.
const ownTools =
  /^Tool "(?:run_shell_command|write_file|replace|web_fetch|google_web_search|save_memory|edit)" not found/u

const isDenied = ({ error }: Part<"tool_result">): boolean => {
  const message = error?.message ?? ""
  if (error?.type === "tool_not_registered") return ownTools.test(message)
  return error?.type === "policy_violation" || message.startsWith("Access denied: plan path")
}

const learnMessage = (
  told: AgentProgress,
  { content, delta, role }: Part<"message">
): AgentProgress =>
  role === "assistant" ? { ...appendText(told, content ?? ""), isOpen: delta === true } : told

const learn = (told: AgentProgress, event: GeminiEvent): AgentProgress => {
  switch (event.type) {
    case "init":
      return { ...told, sessionId: event.session_id ?? told.sessionId }
    case "message":
      return learnMessage(told, event)
    case "tool_use":
      return withCall(
        { ...told, isOpen: false },
        event.tool_id ?? "",
        deniedCall(event.tool_name, event.parameters)
      )
    case "tool_result":
      return withResult(told, event.tool_id ?? "", isDenied(event))
    case "error":
      return { ...told, problem: { message: event.message ?? "", kind: null, status: null } }
    case "result":
      return learnResult(told, event)
  }
}

/** How the lines of gemini are understood. */
export const geminiDialect = {
  decode: Schema.decodeUnknownOption(GeminiEvent),
  show,
  learn
} satisfies Omit<EventFormat<GeminiEvent>, "traits">
