/**
 * Splits the amounts that an agent reports into the usage of this attempt and that of its session.
 */
import type { Session, Usage } from "@backbeat/core/task/AgentWork"
import type { UsageAmount, AgentProgress } from "./AgentProgress.ts"

interface Split {
  readonly attempt: number | null
  readonly session: number | null
}

const split = ({ amount, since }: UsageAmount, before: number | null): Split => {
  if (amount === null) return { attempt: null, session: null }
  if (before === null)
    return since === "session"
      ? { attempt: null, session: amount }
      : { attempt: amount, session: null }
  // Less than before: the agent started to count from zero.
  if (since === "attempt" || amount < before) return { attempt: amount, session: before + amount }
  return { attempt: amount - before, session: amount }
}

const toTokens = (amount: number | null): number | null =>
  amount === null ? null : Math.min(Math.max(Math.round(amount), 0), Number.MAX_SAFE_INTEGER)

const toCost = (amount: number | null): number | null =>
  amount === null ? null : Math.min(Math.max(amount, 0), Number.MAX_VALUE)

/**
 * The usage of this attempt (`own`), and that of its session since that began (`used`). A part is
 * null if the agent does not report it, or if the earlier usage of a resumed session is unknown.
 */
export const splitUsage = (
  progress: AgentProgress,
  session: Session | null
): { readonly own: Usage; readonly used: Usage } => {
  const before =
    session === null ? { costUsd: 0, inputTokens: 0, outputTokens: 0 } : session.usedBefore
  const cost = split(progress.costUsd, before?.costUsd ?? null)
  const input = split(progress.inputTokens, before?.inputTokens ?? null)
  const output = split(progress.outputTokens, before?.outputTokens ?? null)
  return {
    own: {
      costUsd: toCost(cost.attempt),
      inputTokens: toTokens(input.attempt),
      outputTokens: toTokens(output.attempt)
    },
    used: {
      costUsd: toCost(cost.session),
      inputTokens: toTokens(input.session),
      outputTokens: toTokens(output.session)
    }
  }
}
