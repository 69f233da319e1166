/** What the lines of gemini tell. */
import * as Schema from "effect/Schema"
import { callLine, errorLine } from "../reading/callLine.ts"
import type { Dialect, Shown } from "../reading/readEvents.ts"
import { sinceAttempt, withText } from "../reading/Told.ts"
import type { Told } from "../reading/Told.ts"
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
      return event.status === "error" ? [{ text: errorLine(event.error?.message ?? "the tool failed") }] : []
    case "error":
      return [{ text: errorLine(event.message ?? "gemini met an error") }]
    case "result":
      return showResult(event)
    case "init":
      return []
  }
}

const learnResult = (told: Told, event: Part<"result">): Told => {
  const counted = {
    ...told,
    isOpen: false,
    inputTokens: sinceAttempt(event.stats?.input_tokens ?? null),
    outputTokens: sinceAttempt(event.stats?.output_tokens ?? null)
  }
  // Out of turns it tells an error, and then success.
  const isCutShort = told.problem !== null && kindOf(told.problem) === "limit"
  if (event.status === "success" && !isCutShort) return { ...counted, verdict: "done", problem: null }
  const message = event.error?.message ?? null
  return {
    ...counted,
    verdict: "failed",
    problem: message === null ? told.problem : { message, kind: null, status: null }
  }
}

const learn = (told: Told, event: GeminiEvent): Told => {
  switch (event.type) {
    case "init":
      return { ...told, sessionId: event.session_id ?? told.sessionId }
    case "message": {
      if (event.role !== "assistant") return told
      return { ...withText(told, event.content ?? ""), isOpen: event.delta === true }
    }
    case "tool_use":
      return { ...told, isOpen: false }
    case "tool_result":
      return told
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
} satisfies Omit<Dialect<GeminiEvent>, "traits">
