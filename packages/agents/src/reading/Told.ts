/** What the output of a call has told so far. */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type * as Schema from "effect/Schema"

/** What went wrong in the agent's words; `kind` and `status` (of HTTP) where the output names them. */
export interface Problem {
  readonly message: string
  readonly kind: AgentErrorKind | null
  readonly status: number | null
}

/** An amount that an agent tells, null when it does not, and since when it counts. */
export interface Count {
  readonly amount: number | null
  readonly since: "session" | "attempt"
}

/** What an output has told of itself; `verdict` is how the agent's turn ended as far as it is known. */
export interface Told {
  readonly sessionId: string | null
  readonly text: string
  /** How many bytes of the message went before what is kept of it in `text`. */
  readonly cutBytes: number
  /** Whether further text belongs to the message in `text`; otherwise it begins another. */
  readonly isOpen: boolean
  readonly verdict: "done" | "failed" | null
  readonly problem: Problem | null
  readonly structured: Schema.Json | null
  readonly turns: number | null
  readonly costUsd: Count
  readonly inputTokens: Count
  readonly outputTokens: Count
}

const untold: Count = { amount: null, since: "attempt" }

/** What is known before the first line. */
export const nothingTold: Told = {
  sessionId: null,
  text: "",
  cutBytes: 0,
  isOpen: false,
  verdict: null,
  problem: null,
  structured: null,
  turns: null,
  costUsd: untold,
  inputTokens: untold,
  outputTokens: untold
}

/** How many characters of a message are kept while it grows: more than any result may have. */
const keptLength = 131_072

/** With a piece more of the message that is being told, or the first of another. Cut seldom: each cut copies all that is kept. */
export const withText = (told: Told, piece: string): Told => {
  const [before, cutBytes] = told.isOpen ? [told.text, told.cutBytes] : ["", 0]
  const text = before + piece
  if (text.length <= 2 * keptLength) return { ...told, isOpen: true, text, cutBytes }
  return { ...told, isOpen: true, text: text.slice(-keptLength), cutBytes: cutBytes + Buffer.byteLength(text.slice(0, -keptLength)) }
}

/** An amount since the session began. */
export const sinceSession = (amount: number | null): Count => ({ amount, since: "session" })

/** An amount of this attempt alone. */
export const sinceAttempt = (amount: number | null): Count => ({ amount, since: "attempt" })
