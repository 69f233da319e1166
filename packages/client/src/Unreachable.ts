/** The engine cannot be reached or started. */
import type { Hint } from "@backbeat/contract/Text"

/** What is known of it; the same shape as every error of the contract. */
export interface UnreachableProblem {
  readonly type: string
  readonly message: string
  readonly hint: Hint
  readonly details: Readonly<Record<string, unknown>>
}

/** Thrown by calls; `problem` is what the caller is told. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
  readonly problem: UnreachableProblem
  constructor(problem: UnreachableProblem) {
    super(problem.message)
    this.problem = problem
  }
}

/** An EngineUnreachable with its cause and what to do. */
export const unreachable = (
  message: string,
  hint: Hint,
  details: Readonly<Record<string, unknown>> = {}
): Unreachable => new Unreachable({ type: "EngineUnreachable", message, hint, details })

/** Thrown when an engine was to be started, and could not be. */
export class NotStarted extends Unreachable {}
