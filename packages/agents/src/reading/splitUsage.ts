/** Splits what an agent counts into what this attempt used and what its session has used up. */
import type { Session, Usage } from "@backbeat/core/task/AgentWork"
import type { Count, AgentProgress } from "./AgentProgress.ts"

interface Share {
  readonly own: number | null
  readonly total: number | null
}

const share = ({ amount, since }: Count, before: number | null): Share => {
  if (amount === null) return { own: null, total: null }
  if (before === null)
    return since === "session" ? { own: null, total: amount } : { own: amount, total: null }
  // Less than before: the agent has begun to count anew.
  if (since === "attempt" || amount < before) return { own: amount, total: before + amount }
  return { own: amount - before, total: amount }
}

const whole = (amount: number | null): number | null =>
  amount === null ? null : Math.min(Math.max(Math.round(amount), 0), Number.MAX_SAFE_INTEGER)

const finite = (amount: number | null): number | null =>
  amount === null ? null : Math.min(Math.max(amount, 0), Number.MAX_VALUE)

/**
 * What this attempt used (`own`) and what its session has used since it began (`used`). A part is null when the agent
 * does not tell it, or goes on with a session of which is not known what it had used before.
 */
export const splitUsage = (
  told: AgentProgress,
  session: Session | null
): { readonly own: Usage; readonly used: Usage } => {
  const before =
    session === null ? { costUsd: 0, inputTokens: 0, outputTokens: 0 } : session.usedBefore
  const cost = share(told.costUsd, before?.costUsd ?? null)
  const input = share(told.inputTokens, before?.inputTokens ?? null)
  const output = share(told.outputTokens, before?.outputTokens ?? null)
  return {
    own: {
      costUsd: finite(cost.own),
      inputTokens: whole(input.own),
      outputTokens: whole(output.own)
    },
    used: {
      costUsd: finite(cost.total),
      inputTokens: whole(input.total),
      outputTokens: whole(output.total)
    }
  }
}
