/** The problem that a caller gets when an operation is rejected or fails. */
import { callOf, type FlagMention, type Hint, type Text, sentence } from "./Text.ts"

/**
 * Every error type, and whether the same payload may succeed later. A problem itself may say that
 * it cannot.
 */
export const problemTypes = {
  CommandInputError: { retryable: false },
  TaskNotFound: { retryable: false },
  PipelineNotFound: { retryable: false },
  ScheduleNotFound: { retryable: false },
  LoopNotFound: { retryable: false },
  DependencyNotFound: { retryable: false },
  DependencyCycle: { retryable: false },
  AgentUnavailable: { retryable: false },
  TaskAlreadyRunning: { retryable: false },
  IllegalTransition: { retryable: false },
  RevisionConflict: { retryable: false },
  TaskWaitTimedOut: { retryable: true },
  StopIncomplete: { retryable: true },
  EngineUnreachable: { retryable: true },
  ServiceUnavailable: { retryable: false },
  StoreError: { retryable: false },
  ConfigInvalid: { retryable: false },
  QuotaExceeded: { retryable: true },
  InternalError: { retryable: false }
} as const

/** The name of an error type. */
export type ProblemType = keyof typeof problemTypes

/**
 * A complete call that does what the caller meant. Every surface accepts it unchanged. It may
 * contain what the caller gave, so it is sent only to the caller and never logged.
 */
export interface Try {
  readonly operation: string
  readonly payload: unknown
  readonly flags?: Readonly<Record<string, string | number | boolean>>
}

/** A change to a rejected payload; a value of undefined removes the field. */
export interface Change {
  /** Such as `steps[2].cwd`. */
  readonly path: string
  readonly value: unknown
}

/** One of several flaws of a call. */
export interface Issue {
  readonly path?: string
  readonly message: Text
}

/**
 * A problem: `hint` says what to do and is empty if `try` says it all; `details` are the facts.
 * None of its texts belongs to one surface.
 */
export interface Problem extends Issue {
  readonly _tag: "Problem"
  readonly type: ProblemType
  readonly hint: Hint
  /** The id that the problem is about, if other code needs it. */
  readonly id?: string
  /** The wrong flag, if the problem is a flag. */
  readonly flag?: FlagMention["name"]
  /** All flaws, if there are several; the message has the first. */
  readonly issues?: ReadonlyArray<Issue>
  /**
   * The next call, if it is obvious; the hint does not repeat it. Absent if a value would have to
   * be invented.
   */
  readonly try?: Try
  /**
   * Builds the `try` from the payload of the call, which the code that rejects it does not know.
   */
  readonly changes?: ReadonlyArray<Change>
  readonly details: Readonly<Record<string, unknown>>
  /** Whether the same payload may succeed later. */
  readonly retryable: boolean
}

/** Creates a problem. */
export const problem = (
  type: ProblemType,
  message: Text,
  hint: Hint,
  details: Readonly<Record<string, unknown>> = {}
): Problem => ({
  _tag: "Problem",
  type,
  message,
  hint,
  details,
  retryable: problemTypes[type].retryable
})

/**
 * The problem of a field of the payload. Its message follows the path, unless it mentions the path
 * itself.
 */
export const atField = (path: string, told: Problem): Problem => ({ ...told, path })

/** The problem of a flag. */
export const atFlag = (flag: FlagMention["name"], told: Problem): Problem => ({ ...told, flag })

/** Puts the path of a part of the payload before the problem's own path. */
export const within = (outer: string, told: Problem): Problem => ({
  ...told,
  path: told.path === undefined || told.path === "" ? outer : `${outer}.${told.path}`,
  ...(told.changes === undefined
    ? {}
    : { changes: told.changes.map((change) => ({ ...change, path: `${outer}.${change.path}` })) })
})

/** Adds the next call. */
export const withTry = (told: Problem, operation: string, payload: unknown): Problem => ({
  ...told,
  try: { operation, payload }
})

/** Adds a next call: the rejected one with other values; undefined removes a field. */
export const withChange = (told: Problem, values: Readonly<Record<string, unknown>>): Problem => ({
  ...told,
  changes: Object.entries(values).map(([path, value]) => ({ path, value }))
})

/** The payload or the command line is invalid. */
export const commandInputError = (
  message: Text,
  hint: Hint,
  details: Readonly<Record<string, unknown>> = {}
): Problem => problem("CommandInputError", message, hint, details)

/** No task has this id. */
export const taskNotFound = (id: string): Problem =>
  withTry(
    problem(
      "TaskNotFound",
      `task not found: ${id}`,
      sentence`Run ${callOf("list")} to see the task ids.`,
      {
        id
      }
    ),
    "list",
    {}
  )
