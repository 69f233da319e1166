/** What the lines of codex tell. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Schema from "effect/Schema"
import { callLine, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { sessionTotal, appendText } from "../reading/AgentProgress.ts"
import type { Problem, AgentProgress } from "../reading/AgentProgress.ts"
import { asJson, parseJson } from "../text/lenient.ts"
import { CodexEvent } from "./CodexEvent.ts"
import type { Item } from "./CodexEvent.ts"

/** The command itself: codex runs it through a login shell, as `/bin/bash -lc "npm test"`. */
const bare = (command: string): string => {
  const inner = /^\S*\/?(?:ba|z|da)?sh -l?c (?<inner>[^]+)$/u.exec(command)?.groups?.["inner"]
  if (inner === undefined) return command
  return /^(?<quote>["'])[^]*\k<quote>$/u.test(inner) ? inner.slice(1, -1) : inner
}

const showStarted = (item: Item): ReadonlyArray<Shown> => {
  switch (item.type) {
    case "command_execution":
      return [{ text: callLine("Shell", bare(item.command ?? "")) }]
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
    // Its query is not known before.
    case "web_search":
      return [{ text: callLine("WebSearch", item.query ?? "") }]
    // A warning: codex goes on.
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

const problem = (message: string | null): Problem | null =>
  message === null || message === "" ? null : { message, kind: null, status: null }

const learnItem = (told: AgentProgress, { text, type }: Item): AgentProgress =>
  type === "agent_message" && text !== null && text.trim() !== ""
    ? { ...appendText({ ...told, isOpen: false }, text), isOpen: false }
    : told

type Part<Type> = Extract<CodexEvent, { type: Type }>

const learnCompletion = (
  told: AgentProgress,
  event: Part<"turn.completed">,
  work: AgentWork
): AgentProgress => ({
  ...told,
  verdict: "done",
  problem: null,
  structured: work.outputSchema === null ? null : asJson(parseJson(told.text) ?? null),
  inputTokens: sessionTotal(event.usage?.input_tokens ?? null),
  outputTokens: sessionTotal(event.usage?.output_tokens ?? null)
})

const learnFailure = (told: AgentProgress, { error }: Part<"turn.failed">): AgentProgress => ({
  ...told,
  verdict: "failed",
  problem: problem(error?.message ?? null) ?? told.problem
})

const learn = (told: AgentProgress, event: CodexEvent, work: AgentWork): AgentProgress => {
  switch (event.type) {
    case "thread.started":
      return { ...told, sessionId: event.thread_id ?? told.sessionId }
    case "turn.started":
      return { ...told, verdict: null }
    case "turn.completed":
      return learnCompletion(told, event, work)
    case "turn.failed":
      return learnFailure(told, event)
    case "error":
      return { ...told, problem: problem(event.message) ?? told.problem }
    case "item.completed":
      return learnItem(told, event.item)
    case "item.started":
      return told
  }
}

/** How the lines of codex are understood. */
export const codexDialect = {
  decode: Schema.decodeUnknownOption(CodexEvent),
  show,
  learn
} satisfies Omit<EventFormat<CodexEvent>, "traits">
