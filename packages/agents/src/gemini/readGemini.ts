/** Reads the events of gemini. */
import * as Schema from "effect/Schema"
import { callLine, deniedCall, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { attemptTotal, withCall, withResult, appendText } from "../reading/AgentProgress.ts"
import type { AgentProgress } from "../reading/AgentProgress.ts"
import { classifyError } from "../failure/classifyError.ts"
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

const applyResult = (progress: AgentProgress, event: Part<"result">): AgentProgress => {
  const counted = {
    ...progress,
    isOpen: false,
    inputTokens: attemptTotal(event.stats?.input_tokens ?? null),
    outputTokens: attemptTotal(event.stats?.output_tokens ?? null)
  }
  // When gemini runs out of turns, it reports an error and then success.
  const isCutShort = progress.problem !== null && classifyError(progress.problem) === "limit"
  if (event.status === "success" && !isCutShort)
    return { ...counted, verdict: "done", problem: null }
  const message = event.error?.message ?? null
  return {
    ...counted,
    verdict: "failed",
    problem: message === null ? progress.problem : { message, kind: null, status: null }
  }
}

// Gemini's own tools. If one of these is not registered, the mode removed it. Any other name was
// invented by the model.
const ownTools =
  /^Tool "(?:run_shell_command|write_file|replace|web_fetch|google_web_search|save_memory|edit)" not found/u

const isDenied = ({ error }: Part<"tool_result">): boolean => {
  const message = error?.message ?? ""
  if (error?.type === "tool_not_registered") return ownTools.test(message)
  return error?.type === "policy_violation" || message.startsWith("Access denied: plan path")
}

const applyMessage = (
  progress: AgentProgress,
  { content, delta, role }: Part<"message">
): AgentProgress =>
  role === "assistant"
    ? { ...appendText(progress, content ?? ""), isOpen: delta === true }
    : progress

const applyEvent = (progress: AgentProgress, event: GeminiEvent): AgentProgress => {
  switch (event.type) {
    case "init":
      return { ...progress, sessionId: event.session_id ?? progress.sessionId }
    case "message":
      return applyMessage(progress, event)
    case "tool_use":
      return withCall(
        { ...progress, isOpen: false },
        event.tool_id ?? "",
        deniedCall(event.tool_name, event.parameters)
      )
    case "tool_result":
      return withResult(progress, event.tool_id ?? "", isDenied(event))
    case "error":
      return { ...progress, problem: { message: event.message ?? "", kind: null, status: null } }
    case "result":
      return applyResult(progress, event)
  }
}

/** The event format of gemini. */
export const geminiFormat = {
  decode: Schema.decodeUnknownOption(GeminiEvent),
  show,
  applyEvent
} satisfies Omit<EventFormat<GeminiEvent>, "traits">
