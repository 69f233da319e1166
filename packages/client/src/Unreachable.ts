/** Errors of calls whose engine cannot be reached or started. */
import type { Hint } from "@backbeat/contract/Text"

/** The error as the caller gets it, in the shape of every error of the contract. */
export interface UnreachableProblem {
  readonly type: string
  readonly message: string
  readonly hint: Hint
  readonly details: Readonly<Record<string, unknown>>
}

/** Thrown by calls. `problem` is the error that the caller gets. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
  readonly problem: UnreachableProblem
  constructor(problem: UnreachableProblem) {
    super(problem.message)
    this.problem = problem
  }
}

/** An Unreachable of type EngineUnreachable. */
export const unreachable = (
  message: string,
  hint: Hint,
  details: Readonly<Record<string, unknown>> = {}
): Unreachable => new Unreachable({ type: "EngineUnreachable", message, hint, details })

/** Thrown if an engine could not be started. */
export class NotStarted extends Unreachable {}
