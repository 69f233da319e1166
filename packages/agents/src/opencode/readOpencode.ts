/** Reads the events of opencode. No event has the result: the last step is the result. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { callLine, deniedCall, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { attemptTotal, withDenied, appendText } from "../reading/AgentProgress.ts"
import type { UsageAmount, AgentProgress } from "../reading/AgentProgress.ts"
import { OpencodeEvent } from "./OpencodeEvent.ts"
import type { Tokens } from "./OpencodeEvent.ts"

type Part<Type> = Extract<OpencodeEvent, { type: Type }>

const messageOf = ({ error }: Part<"error">): string =>
  error?.data?.message ?? error?.name ?? "opencode met an error"

const show = (event: OpencodeEvent): ReadonlyArray<Shown> => {
  switch (event.type) {
    case "text":
      return [{ text: event.part.text ?? "" }]
    case "tool_use": {
      const { state, tool } = event.part
      const call = { text: callLine(tool ?? "tool", state?.input) }
      return state?.status === "error"
        ? [call, { text: errorLine(state.error ?? "the tool failed") }]
        : [call]
    }
    case "error":
      return [{ text: errorLine(messageOf(event)) }]
    case "step_start":
    case "step_finish":
      return []
  }
}

const addAmount = ({ amount }: UsageAmount, more: number | null): UsageAmount =>
  attemptTotal(more === null ? amount : (amount ?? 0) + more)

const inputOf = ({ cache, input }: Tokens): number =>
  (input ?? 0) + (cache?.read ?? 0) + (cache?.write ?? 0)

const outputOf = (tokens: Tokens): number => (tokens.output ?? 0) + (tokens.reasoning ?? 0)

const applyStep = (progress: AgentProgress, { part }: Part<"step_finish">): AgentProgress => {
  const { tokens } = part
  return {
    ...progress,
    isOpen: false,
    // Another step follows after tool calls, unless a call was denied: then opencode exits.
    verdict: part.reason === "tool-calls" ? null : "done",
    problem: null,
    turns: (progress.turns ?? 0) + 1,
    costUsd: addAmount(progress.costUsd, part.cost),
    inputTokens: addAmount(progress.inputTokens, tokens === null ? null : inputOf(tokens)),
    outputTokens: addAmount(progress.outputTokens, tokens === null ? null : outputOf(tokens))
  }
}

const applyText = (progress: AgentProgress, text: string | null): AgentProgress =>
  text === null || text.trim() === ""
    ? progress
    : appendText(progress, progress.isOpen ? `\n\n${text}` : text)

// Its messages for a call that its rules forbid, and for one that would have to ask a user who is
// not there.
const deniedMessage = /^The user rejected permission|^The user has specified a rule which prevents/u

// A mode removes tools. A call of a removed tool is reported as a call of `invalid`, without its
// arguments.
const ownTools =
  /^Model tried to call unavailable tool '(?<tool>bash|edit|write|patch|multiedit|webfetch|websearch)'/u
const decodeInvalid = Schema.decodeUnknownOption(Schema.Struct({ error: Schema.String }))

const removedTool = (input: unknown): string | null =>
  Option.match(decodeInvalid(input), {
    onNone: () => null,
    onSome: ({ error }) => ownTools.exec(error)?.groups?.["tool"] ?? null
  })

const applyTool = (
  progress: AgentProgress,
  { part: { state, tool } }: Part<"tool_use">
): AgentProgress => {
  if (state?.status === "error" && deniedMessage.test(state.error ?? ""))
    return withDenied(progress, deniedCall(tool, state.input))
  const missing = tool === "invalid" ? removedTool(state?.input) : null
  return missing === null
    ? progress
    : withDenied(progress, { tool: missing, what: "(opencode does not say with which arguments)" })
}

const applyError = (progress: AgentProgress, event: Part<"error">): AgentProgress => ({
  ...progress,
  verdict: "failed",
  problem: { message: messageOf(event), kind: null, status: event.error?.data?.statusCode ?? null }
})

const applyEvent = (given: AgentProgress, event: OpencodeEvent): AgentProgress => {
  const progress = { ...given, sessionId: event.sessionID ?? given.sessionId }
  switch (event.type) {
    case "step_start":
      return { ...progress, isOpen: false, verdict: null }
    case "text":
      return applyText(progress, event.part.text)
    case "tool_use":
      return applyTool(progress, event)
    case "step_finish":
      return applyStep(progress, event)
    case "error":
      return applyError(progress, event)
  }
}

/** The event format of opencode. */
export const opencodeFormat = {
  decode: Schema.decodeUnknownOption(OpencodeEvent),
  show,
  applyEvent
} satisfies Omit<EventFormat<OpencodeEvent>, "traits">
