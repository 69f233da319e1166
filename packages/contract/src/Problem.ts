/** What a caller is told when an operation is refused or fails. */

/** Every error type, with whether calling again with the same payload can help, unless the problem itself says that it cannot. */
export const problemTypes = {
  CommandInputError: { retryable: false },
  TaskNotFound: { retryable: false },
  PipelineNotFound: { retryable: false },
  DependencyNotFound: { retryable: false },
  DependencyCycle: { retryable: false },
  AgentUnavailable: { retryable: false },
  TaskAlreadyRunning: { retryable: false },
  IllegalTransition: { retryable: false },
  TaskWaitTimedOut: { retryable: true },
  EngineUnreachable: { retryable: true },
  StoreError: { retryable: false },
  ConfigInvalid: { retryable: false },
  QuotaExceeded: { retryable: true },
  InternalError: { retryable: false }
} as const

/** The name of an error. */
export type ProblemType = keyof typeof problemTypes

/** A refusal: `hint` says what to do, `details` are the facts. */
export interface Problem {
  readonly _tag: "Problem"
  readonly type: ProblemType
  readonly message: string
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>
  /** Whether calling again with the same payload can help. */
  readonly retryable: boolean
}

/** Makes a Problem. */
export const problem = (
  type: ProblemType,
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>> = {}
): Problem => ({ _tag: "Problem", type, message, hint, details, retryable: problemTypes[type].retryable })

/** The payload or the command line is not what the operation takes. */
export const commandInputError = (
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>> = {}
): Problem => problem("CommandInputError", message, hint, details)

/** No task has this id. */
export const taskNotFound = (id: string): Problem =>
  problem("TaskNotFound", `task not found: ${id}`, "Run list to discover known task ids.", { id })
