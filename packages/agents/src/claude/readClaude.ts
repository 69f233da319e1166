/** Reads the events of claude. */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { callLine, deniedCall, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { attemptTotal, sessionTotal, appendText } from "../reading/AgentProgress.ts"
import type { ReportedError, AgentProgress } from "../reading/AgentProgress.ts"
import { asJson } from "../text/lenient.ts"
import { ClaudeEvent } from "./ClaudeEvent.ts"
import type { Block, ClaudeResult } from "./ClaudeEvent.ts"

const decodeTexts = Schema.decodeUnknownOption(
  Schema.Union([Schema.String, Schema.Array(Schema.Struct({ text: Schema.String }))])
)

const textIn = (content: unknown): string =>
  Option.match(decodeTexts(content), {
    onNone: () => "",
    onSome: (given) => (typeof given === "string" ? given : given.map(({ text }) => text).join(" "))
  })

const showBlock = (block: Block, isMain: boolean): ReadonlyArray<Shown> => {
  switch (block.type) {
    case "text":
      return isMain ? [{ text: block.text ?? "" }] : []
    case "tool_use":
      return [{ text: callLine(block.name ?? "tool", block.input) }]
    case "tool_result":
      return block.is_error === true ? [{ text: errorLine(textIn(block.content)) }] : []
    default:
      return []
  }
}

type Part<Type> = Extract<ClaudeEvent, { type: Type }>

const showMessage = (event: Part<"assistant" | "user">): ReadonlyArray<Shown> => {
  const { content } = event.message
  const isMain = event.type === "assistant" && event.parent_tool_use_id === null
  if (typeof content === "string") return isMain ? [{ text: content }] : []
  return content.flatMap((block) => showBlock(block, isMain))
}

type Notice = Part<"system">

const causeOf = ({ error, error_status }: Notice): string =>
  [error_status, error].filter((part) => part !== null).join(" ")

const showNotice = (notice: Notice): ReadonlyArray<Shown> =>
  notice.subtype === "api_retry"
    ? [
        {
          text: errorLine(
            `${causeOf(notice)}, attempt ${notice.attempt ?? "?"} of ${notice.max_retries ?? "?"}`
          )
        }
      ]
    : []

const show = (event: ClaudeEvent): ReadonlyArray<Shown> => {
  switch (event.type) {
    case "assistant":
    case "user":
      return showMessage(event)
    case "system":
      return showNotice(event)
    case "result":
      // The text in `result` was already shown as a message.
      return event.is_error === true && event.result === null
        ? [{ text: errorLine(messageOf(event)) }]
        : []
  }
}

const limits: ReadonlyMap<string, AgentErrorKind> = new Map([
  ["error_max_turns", "limit"],
  ["error_max_budget_usd", "limit"]
])

const messageOf = (result: ClaudeResult): string => {
  // Its own message about an interruption is meant for its developers.
  if (result.terminal_reason?.startsWith("aborted") === true)
    return "claude was interrupted before it finished."
  const message = result.result ?? result.errors?.join("\n") ?? ""
  return message.trim() === "" ? `claude ended with ${result.subtype ?? "an error"}.` : message
}

const errorOf = (result: ClaudeResult): ReportedError => ({
  message: messageOf(result),
  kind: limits.get(result.subtype ?? "") ?? null,
  status: result.api_error_status
})

const sum = (...parts: ReadonlyArray<number | null>): number =>
  parts.reduce<number>((total, part) => total + (part ?? 0), 0)

const tokensOf = (result: ClaudeResult): Pick<AgentProgress, "inputTokens" | "outputTokens"> => {
  const models = Object.values(result.modelUsage ?? {})
  if (models.length > 0)
    return {
      inputTokens: sessionTotal(
        sum(
          ...models.map((m) =>
            sum(m.inputTokens, m.cacheCreationInputTokens, m.cacheReadInputTokens)
          )
        )
      ),
      outputTokens: sessionTotal(sum(...models.map((m) => m.outputTokens)))
    }
  const { usage } = result
  if (usage === null) return { inputTokens: attemptTotal(null), outputTokens: attemptTotal(null) }
  return {
    inputTokens: attemptTotal(
      sum(usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
    ),
    outputTokens: attemptTotal(usage.output_tokens)
  }
}

const applyResult = (progress: AgentProgress, result: ClaudeResult): AgentProgress => {
  const isError = result.is_error === true || (result.subtype ?? "success") !== "success"
  return {
    ...progress,
    text: result.result ?? progress.text,
    cutBytes: result.result === null ? progress.cutBytes : 0,
    isOpen: false,
    verdict: isError ? "failed" : "done",
    goesOn: (result.queued_turn_count ?? 0) > 0,
    problem: isError ? errorOf(result) : null,
    structured: result.structured_output === undefined ? null : asJson(result.structured_output),
    turns: result.num_turns,
    denied: (result.permission_denials ?? []).map(({ tool_input, tool_name }) =>
      deniedCall(tool_name, tool_input)
    ),
    costUsd: sessionTotal(result.total_cost_usd),
    ...tokensOf(result)
  }
}

/**
 * While claude retries a request, that request's error is the reported error. It counts if claude
 * exits before a retry succeeds.
 */
const applyNotice = (progress: AgentProgress, notice: Notice): AgentProgress =>
  notice.subtype === "api_retry"
    ? {
        ...progress,
        problem: { message: causeOf(notice), kind: null, status: notice.error_status }
      }
    : progress

const applyEvent = (given: AgentProgress, event: ClaudeEvent): AgentProgress => {
  const known = { ...given, sessionId: event.session_id ?? given.sessionId }
  if (event.type === "result") return applyResult(known, event)
  if (event.type === "system") return applyNotice(known, event)
  if (event.type !== "assistant") return known
  const progress = { ...known, problem: null }
  if (event.parent_tool_use_id !== null) return progress
  const { content } = event.message
  const text =
    typeof content === "string"
      ? content
      : content.flatMap((block) => (block.type === "text" ? [block.text ?? ""] : [])).join("\n")
  return text.trim() === ""
    ? progress
    : { ...appendText({ ...progress, isOpen: false }, text), isOpen: false }
}

/** The event format of claude. */
export const claudeFormat = {
  decode: Schema.decodeUnknownOption(ClaudeEvent),
  show,
  applyEvent
} satisfies Omit<EventFormat<ClaudeEvent>, "traits">
