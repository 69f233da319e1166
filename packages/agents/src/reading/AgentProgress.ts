/** The facts in the output of a call so far. */
import { AgentErrorKind, Denied } from "@backbeat/core/task/AgentOutcome"
import * as Schema from "effect/Schema"

/**
 * An error in the agent's words. `kind` and `status` (of HTTP) are set if the output names them.
 */
export const ReportedError = Schema.Struct({
  message: Schema.String,
  kind: Schema.NullOr(AgentErrorKind),
  status: Schema.NullOr(Schema.Finite)
})
export type ReportedError = typeof ReportedError.Type

/** An amount that an agent reports, null if it does not, and from where it counts. */
export const UsageAmount = Schema.Struct({
  amount: Schema.NullOr(Schema.Finite),
  since: Schema.Literals(["session", "attempt"])
})
export type UsageAmount = typeof UsageAmount.Type

/**
 * The facts in an output. `verdict` is the end of the agent's turn as far as it is known; `goesOn`
 * says that more turns follow. `text` is the end of the last message: `cutBytes` were cut before
 * it, and while `isOpen`, further text belongs to it. `denied` has the tool calls that permissions
 * denied. `openCalls` has calls without a result yet, for agents that report a denial only in the
 * result.
 */
export const AgentProgress = Schema.Struct({
  sessionId: Schema.NullOr(Schema.String),
  text: Schema.String,
  cutBytes: Schema.Finite,
  isOpen: Schema.Boolean,
  verdict: Schema.NullOr(Schema.Literals(["done", "failed"])),
  goesOn: Schema.Boolean,
  problem: Schema.NullOr(ReportedError),
  structured: Schema.NullOr(Schema.Json),
  turns: Schema.NullOr(Schema.Finite),
  denied: Schema.Array(Denied),
  openCalls: Schema.Array(Schema.Struct({ id: Schema.String, call: Denied })),
  costUsd: UsageAmount,
  inputTokens: UsageAmount,
  outputTokens: UsageAmount
})
export type AgentProgress = typeof AgentProgress.Type

const unknownAmount: UsageAmount = { amount: null, since: "attempt" }

/** The progress before the first line. */
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
  costUsd: unknownAmount,
  inputTokens: unknownAmount,
  outputTokens: unknownAmount
}

/** How many characters of a growing message are kept. It is more than a result may have. */
const keptLength = 131_072

/**
 * Adds a piece to the open message, or starts another message. Cuts rarely, because each cut copies
 * all of the kept text.
 */
export const appendText = (progress: AgentProgress, piece: string): AgentProgress => {
  const [before, cutBytes] = progress.isOpen ? [progress.text, progress.cutBytes] : ["", 0]
  const text = before + piece
  if (text.length <= 2 * keptLength) return { ...progress, isOpen: true, text, cutBytes }
  return {
    ...progress,
    isOpen: true,
    text: text.slice(-keptLength),
    cutBytes: cutBytes + Buffer.byteLength(text.slice(0, -keptLength))
  }
}

/** An amount that counts from the start of the session. */
export const sessionTotal = (amount: number | null): UsageAmount => ({ amount, since: "session" })

/** An amount that counts this attempt alone. */
export const attemptTotal = (amount: number | null): UsageAmount => ({ amount, since: "attempt" })

/** How many denied calls are kept, because an agent may repeat them endlessly. */
const maxDenied = 1000

/** Adds a tool call that permissions denied. */
export const withDenied = (progress: AgentProgress, denied: Denied): AgentProgress =>
  progress.denied.length === maxDenied
    ? progress
    : { ...progress, denied: [...progress.denied, denied] }

/** How many calls without a result are kept. */
const maxOpenCalls = 100

/** Adds a call whose result follows. */
export const withCall = (progress: AgentProgress, id: string, call: Denied): AgentProgress => ({
  ...progress,
  openCalls: [...progress.openCalls, { id, call }].slice(-maxOpenCalls)
})

/**
 * Removes an open call because its result came, and adds it to the denied ones if it was denied.
 */
export const withResult = (
  progress: AgentProgress,
  id: string,
  isDenied: boolean
): AgentProgress => {
  const call = progress.openCalls.find((open) => open.id === id)?.call
  const rest = { ...progress, openCalls: progress.openCalls.filter((open) => open.id !== id) }
  return isDenied && call !== undefined ? withDenied(rest, call) : rest
}
