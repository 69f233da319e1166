/** What a caller is told when an operation is refused or fails. */
import { callOf, type FlagMention, type Hint, type Text, sentence } from "./Text.ts"

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
  StopIncomplete: { retryable: true },
  EngineUnreachable: { retryable: true },
  StoreError: { retryable: false },
  ConfigInvalid: { retryable: false },
  QuotaExceeded: { retryable: true },
  InternalError: { retryable: false }
} as const

/** The name of an error. */
export type ProblemType = keyof typeof problemTypes

/**
 * A complete call that does what the caller meant: the CLI takes it as it stands, and so does every other surface. It may hold what the
 * caller gave, so it goes to the caller only, never into a log.
 */
export interface Try {
  readonly operation: string
  readonly payload: unknown
  readonly flags?: Readonly<Record<string, string | number | boolean>>
}

/** What is to be different in a refused payload; a value that is undefined is to be left out. */
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

/** A refusal: `hint` says what to do, empty where `try` says it all; `details` are the facts. No text of it belongs to one surface. */
export interface Problem extends Issue {
  readonly _tag: "Problem"
  readonly type: ProblemType
  readonly hint: Hint
  /** The id that it is about, where other code asks for it. */
  readonly id?: string
  /** The flag that is wrong, if one is. */
  readonly flag?: FlagMention["name"]
  /** All flaws, if there are several; the message tells the first. */
  readonly issues?: ReadonlyArray<Issue>
  /** The next call where one is obvious; the hint does not repeat it. Absent where a value would have to be invented. */
  readonly try?: Try
  /** Makes the `try` from the payload of the call, which the code that refuses does not know. */
  readonly changes?: ReadonlyArray<Change>
  readonly details: Readonly<Record<string, unknown>>
  /** Whether calling again with the same payload can help. */
  readonly retryable: boolean
}

/** Makes a Problem. */
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

/** The problem of a field of the payload; its message stands after the path, unless it mentions the path itself. */
export const atField = (path: string, told: Problem): Problem => ({ ...told, path })

/** The problem of a flag. */
export const atFlag = (flag: FlagMention["name"], told: Problem): Problem => ({ ...told, flag })

/** The problem of a part of a payload, with the path of that part before its own. */
export const within = (outer: string, told: Problem): Problem => ({
  ...told,
  path: told.path === undefined || told.path === "" ? outer : `${outer}.${told.path}`,
  ...(told.changes === undefined
    ? {}
    : { changes: told.changes.map((change) => ({ ...change, path: `${outer}.${change.path}` })) })
})

/** The problem with the next call. */
export const withTry = (told: Problem, operation: string, payload: unknown): Problem => ({
  ...told,
  try: { operation, payload }
})

/** The problem whose next call is the refused one with other values; those that are undefined are left out. */
export const withChange = (told: Problem, values: Readonly<Record<string, unknown>>): Problem => ({
  ...told,
  changes: Object.entries(values).map(([path, value]) => ({ path, value }))
})

/** The payload or the command line is not what the operation takes. */
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
