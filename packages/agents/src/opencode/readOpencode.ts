/** What the lines of opencode tell: it has no line for its result, which is the last step. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { callLine, deniedCall, errorLine } from "../reading/callLine.ts"
import type { EventFormat, Shown } from "../reading/readEvents.ts"
import { attemptTotal, withDenied, appendText } from "../reading/AgentProgress.ts"
import type { Count, AgentProgress } from "../reading/AgentProgress.ts"
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

const plus = ({ amount }: Count, more: number | null): Count =>
  attemptTotal(more === null ? amount : (amount ?? 0) + more)

const inputOf = ({ cache, input }: Tokens): number =>
  (input ?? 0) + (cache?.read ?? 0) + (cache?.write ?? 0)

const outputOf = (tokens: Tokens): number => (tokens.output ?? 0) + (tokens.reasoning ?? 0)

const learnStep = (told: AgentProgress, { part }: Part<"step_finish">): AgentProgress => {
  const { tokens } = part
  return {
    ...told,
    isOpen: false,
    // Behind calls of tools another step follows, unless a tool was refused: then it just ends.
    verdict: part.reason === "tool-calls" ? null : "done",
    problem: null,
    turns: (told.turns ?? 0) + 1,
    costUsd: plus(told.costUsd, part.cost),
    inputTokens: plus(told.inputTokens, tokens === null ? null : inputOf(tokens)),
    outputTokens: plus(told.outputTokens, tokens === null ? null : outputOf(tokens))
  }
}

const learnText = (told: AgentProgress, text: string | null): AgentProgress =>
  text === null || text.trim() === "" ? told : appendText(told, told.isOpen ? `\n\n${text}` : text)

// What it says of a call that its rules forbid, and of one that would have to be asked for where nobody can be asked.
const refused = /^The user rejected permission|^The user has specified a rule which prevents/u

// A mode takes tools away; a call of one comes as a call of `invalid`, without its arguments.
const ownTools =
  /^Model tried to call unavailable tool '(?<tool>bash|edit|write|patch|multiedit|webfetch|websearch)'/u
const decodeInvalid = Schema.decodeUnknownOption(Schema.Struct({ error: Schema.String }))

const takenAway = (input: unknown): string | null =>
  Option.match(decodeInvalid(input), {
    onNone: () => null,
    onSome: ({ error }) => ownTools.exec(error)?.groups?.["tool"] ?? null
  })

const learnTool = (
  told: AgentProgress,
  { part: { state, tool } }: Part<"tool_use">
): AgentProgress => {
  if (state?.status === "error" && refused.test(state.error ?? ""))
    return withDenied(told, deniedCall(tool, state.input))
  const missing = tool === "invalid" ? takenAway(state?.input) : null
  return missing === null
    ? told
    : withDenied(told, { tool: missing, what: "(opencode does not say with which arguments)" })
}

const learnError = (told: AgentProgress, event: Part<"error">): AgentProgress => ({
  ...told,
  verdict: "failed",
  problem: { message: messageOf(event), kind: null, status: event.error?.data?.statusCode ?? null }
})

const learn = (given: AgentProgress, event: OpencodeEvent): AgentProgress => {
  const told = { ...given, sessionId: event.sessionID ?? given.sessionId }
  switch (event.type) {
    case "step_start":
      return { ...told, isOpen: false, verdict: null }
    case "text":
      return learnText(told, event.part.text)
    case "tool_use":
      return learnTool(told, event)
    case "step_finish":
      return learnStep(told, event)
    case "error":
      return learnError(told, event)
  }
}

/** How the lines of opencode are understood. */
export const opencodeDialect = {
  decode: Schema.decodeUnknownOption(OpencodeEvent),
  show,
  learn
} satisfies Omit<EventFormat<OpencodeEvent>, "traits">
