/** Records an iteration that is over. */
import type { Iteration, IterationEvaluation, Worked } from "./Iteration.ts"
import type { Loop } from "./Loop.ts"
import type { LoopEvent } from "./LoopEvent.ts"
import type { EvaluationEnd } from "./verdict.ts"

/** What an iteration came to. */
export interface Found {
  readonly result: Iteration["result"]
  readonly reason: string | null
  readonly score?: number
  readonly scores?: ReadonlyArray<number>
  /** How its evaluation ended, where it was evaluated. */
  readonly end?: EvaluationEnd
}

const costOf = ({ work, evaluationCostUsd }: Worked, end: EvaluationEnd | undefined) => {
  const evaluation = evaluationCostUsd + (end?.costUsd ?? 0)
  const known = work?.costUsd ?? null
  return known === null && evaluation === 0 ? null : (known ?? 0) + evaluation
}

const evaluationOf = (
  { evaluationIds }: Worked,
  end: EvaluationEnd | undefined
): IterationEvaluation | null =>
  end === undefined
    ? null
    : {
        taskIds: evaluationIds,
        exitCode: end.exitCode,
        signal: end.signal,
        durationMs: end.durationMs,
        lastLines: end.lastLines
      }

/** The event that records it. */
export const recorded = (
  { spec }: Loop,
  worked: Worked,
  { result, reason, score, scores, end }: Found,
  at: number
): LoopEvent => {
  const { number, id, startedAt, changed, commit } = worked
  return {
    type: "loop.iteration.evaluated",
    iteration: {
      number,
      result,
      reason,
      score: score ?? null,
      scores: scores ?? worked.scores,
      taskId: spec.work.kind === "task" ? id : null,
      pipelineId: spec.work.kind === "pipeline" ? id : null,
      changed,
      commit,
      evaluation: evaluationOf(worked, end),
      costUsd: costOf(worked, end),
      startedAt,
      endedAt: at
    }
  }
}
