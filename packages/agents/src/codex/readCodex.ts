/** Reads the events of codex. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Schema from "effect/Schema"
import { callLine, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { sessionTotal, appendText } from "../reading/AgentProgress.ts"
import type { ReportedError, AgentProgress } from "../reading/AgentProgress.ts"
import { asJson, parseJson } from "../text/lenient.ts"
import { CodexEvent } from "./CodexEvent.ts"
import type { Item } from "./CodexEvent.ts"

/**
 * The command without the login shell that codex runs it in, such as `/bin/bash -lc "npm test"`.
 */
const withoutShell = (command: string): string => {
  const inner = /^\S*\/?(?:ba|z|da)?sh -l?c (?<inner>[^]+)$/u.exec(command)?.groups?.["inner"]
  if (inner === undefined) return command
  return /^(?<quote>["'])[^]*\k<quote>$/u.test(inner) ? inner.slice(1, -1) : inner
}

const showStarted = (item: Item): ReadonlyArray<Shown> => {
  switch (item.type) {
    case "command_execution":
      return [{ text: callLine("Shell", withoutShell(item.command ?? "")) }]
    case "mcp_tool_call":
      return [{ text: callLine(`${item.server ?? "mcp"}.${item.tool ?? "tool"}`, item.arguments) }]
    case "collab_tool_call":
      return [{ text: callLine(item.tool ?? "agent", item.prompt ?? "") }]
    default:
      return []
  }
}

const showCompleted = (item: Item): ReadonlyArray<Shown> => {
  switch (item.type) {
    case "agent_message":
      return [{ text: item.text ?? "" }]
    case "file_change":
      return (item.changes ?? []).map(({ kind, path }) => ({
        text: callLine(kind ?? "change", path)
      }))
    // Shown at its completion: its query is not known before.
    case "web_search":
      return [{ text: callLine("WebSearch", item.query ?? "") }]
    // A warning. Codex continues.
    case "error":
      return [{ text: errorLine(item.message ?? "") }]
    default:
      return []
  }
}

const show = (event: CodexEvent): ReadonlyArray<Shown> => {
  switch (event.type) {
    case "item.started":
      return showStarted(event.item)
    case "item.completed":
      return showCompleted(event.item)
    // The same message follows in `turn.failed`.
    case "error":
      return [{ text: errorLine(event.message ?? "codex met an error") }]
    default:
      return []
  }
}

const toError = (message: string | null): ReportedError | null =>
  message === null || message === "" ? null : { message, kind: null, status: null }

const applyItem = (progress: AgentProgress, { text, type }: Item): AgentProgress =>
  type === "agent_message" && text !== null && text.trim() !== ""
    ? { ...appendText({ ...progress, isOpen: false }, text), isOpen: false }
    : progress

type Part<Type> = Extract<CodexEvent, { type: Type }>

const applyCompletion = (
  progress: AgentProgress,
  event: Part<"turn.completed">,
  work: AgentWork
): AgentProgress => ({
  ...progress,
  verdict: "done",
  problem: null,
  structured: work.outputSchema === null ? null : asJson(parseJson(progress.text) ?? null),
  inputTokens: sessionTotal(event.usage?.input_tokens ?? null),
  outputTokens: sessionTotal(event.usage?.output_tokens ?? null)
})

const applyFailure = (progress: AgentProgress, { error }: Part<"turn.failed">): AgentProgress => ({
  ...progress,
  verdict: "failed",
  problem: toError(error?.message ?? null) ?? progress.problem
})

const applyEvent = (progress: AgentProgress, event: CodexEvent, work: AgentWork): AgentProgress => {
  switch (event.type) {
    case "thread.started":
      return { ...progress, sessionId: event.thread_id ?? progress.sessionId }
    case "turn.started":
      return { ...progress, verdict: null }
    case "turn.completed":
      return applyCompletion(progress, event, work)
    case "turn.failed":
      return applyFailure(progress, event)
    case "error":
      return { ...progress, problem: toError(event.message) ?? progress.problem }
    case "item.completed":
      return applyItem(progress, event.item)
    case "item.started":
      return progress
  }
}

/** The event format of codex. */
export const codexFormat = {
  decode: Schema.decodeUnknownOption(CodexEvent),
  show,
  applyEvent
} satisfies Omit<EventFormat<CodexEvent>, "traits">
