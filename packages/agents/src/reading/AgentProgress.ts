/** What the output of a call has told so far. */
import { AgentErrorKind, Denied } from "@backbeat/core/task/AgentOutcome"
import * as Schema from "effect/Schema"

/** What went wrong in the agent's words; `kind` and `status` (of HTTP) where the output names them. */
export const Problem = Schema.Struct({
  message: Schema.String,
  kind: Schema.NullOr(AgentErrorKind),
  status: Schema.NullOr(Schema.Finite)
})
export type Problem = typeof Problem.Type

/** An amount that an agent tells, null when it does not, and since when it counts. */
export const Count = Schema.Struct({
  amount: Schema.NullOr(Schema.Finite),
  since: Schema.Literals(["session", "attempt"])
})
export type Count = typeof Count.Type

/**
 * What an output has told of itself; `verdict` is how the agent's turn ended as far as it is known, and it `goesOn` when more turns are to follow. `cutBytes` of the message went
 * before what is kept of it in `text`, to which further text belongs while it `isOpen`. `denied` is what its permissions refused, `openCalls` the
 * calls of which no result has come, where only the result tells of a refusal.
 */
export const AgentProgress = Schema.Struct({
  sessionId: Schema.NullOr(Schema.String),
  text: Schema.String,
  cutBytes: Schema.Finite,
  isOpen: Schema.Boolean,
  verdict: Schema.NullOr(Schema.Literals(["done", "failed"])),
  goesOn: Schema.Boolean,
  problem: Schema.NullOr(Problem),
  structured: Schema.NullOr(Schema.Json),
  turns: Schema.NullOr(Schema.Finite),
  denied: Schema.Array(Denied),
  openCalls: Schema.Array(Schema.Struct({ id: Schema.String, call: Denied })),
  costUsd: Count,
  inputTokens: Count,
  outputTokens: Count
})
export type AgentProgress = typeof AgentProgress.Type

const untold: Count = { amount: null, since: "attempt" }

/** What is known before the first line. */
export const initialProgress: AgentProgress = {
  sessionId: null,
  text: "",
  cutBytes: 0,
  isOpen: false,
  verdict: null,
  goesOn: false,
  problem: null,
  structured: null,
  turns: null,
  denied: [],
  openCalls: [],
  costUsd: untold,
  inputTokens: untold,
  outputTokens: untold
}

/** How many characters of a message are kept while it grows: more than any result may have. */
const keptLength = 131_072

/** With a piece more of the message that is being told, or the first of another. Cut seldom: each cut copies all that is kept. */
export const appendText = (told: AgentProgress, piece: string): AgentProgress => {
  const [before, cutBytes] = told.isOpen ? [told.text, told.cutBytes] : ["", 0]
  const text = before + piece
  if (text.length <= 2 * keptLength) return { ...told, isOpen: true, text, cutBytes }
  return {
    ...told,
    isOpen: true,
    text: text.slice(-keptLength),
    cutBytes: cutBytes + Buffer.byteLength(text.slice(0, -keptLength))
  }
}

/** An amount since the session began. */
export const sessionTotal = (amount: number | null): Count => ({ amount, since: "session" })

/** An amount of this attempt alone. */
export const attemptTotal = (amount: number | null): Count => ({ amount, since: "attempt" })

/** So many refusals are kept: an agent may try again and again. */
const keptDenied = 1000

/** With a call that the agent's permissions refused. */
export const withDenied = (told: AgentProgress, denied: Denied): AgentProgress =>
  told.denied.length === keptDenied ? told : { ...told, denied: [...told.denied, denied] }

/** So many calls may wait for their result. */
const keptCalls = 100

/** With a call of which the result is to come. */
export const withCall = (told: AgentProgress, id: string, call: Denied): AgentProgress => ({
  ...told,
  openCalls: [...told.openCalls, { id, call }].slice(-keptCalls)
})

/** With the result of a call, and whether it was refused. */
export const withResult = (told: AgentProgress, id: string, isDenied: boolean): AgentProgress => {
  const call = told.openCalls.find((open) => open.id === id)?.call
  const rest = { ...told, openCalls: told.openCalls.filter((open) => open.id !== id) }
  return isDenied && call !== undefined ? withDenied(rest, call) : rest
}
