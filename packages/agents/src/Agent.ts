/** An agent CLI: how it is called, how its output is read, and what it supports. */
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode, Usage } from "@backbeat/core/task/AgentWork"
import type { Outcome } from "@backbeat/core/task/AttemptEnd"

/** A file that a call needs, in the folder of its attempt. */
export interface CallFile {
  readonly path: string
  readonly text: string
}

/** One call of an agent CLI. The prompt is written to standard input, which is then closed. */
export interface AgentCall {
  readonly argv: readonly [command: string, ...args: ReadonlyArray<string>]
  readonly stdin: string
  /** Variables that are added to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Files to write before the call, with mode 0600. */
  readonly files: ReadonlyArray<CallFile>
}

/**
 * The circumstances of a call: the executable (the configured one, or the usual one), and the
 * absolute folder for its files.
 */
export interface CallSetting {
  readonly command: string
  /**
   * Arguments from the configuration. They come before all others except a subcommand. A custom
   * agent ignores them.
   */
  readonly args: ReadonlyArray<string>
  readonly folder: string
  /** The environment of the call, for variables whose value has to be extended. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * The end of a call. `stderr` is the end of its standard error, a few KB. `usedBefore` is the usage
 * of the session before the call, if more is known than when the task was created: other tasks may
 * have continued the session since.
 */
export interface CallEnd {
  readonly outcome: Outcome
  readonly stderr: string
  readonly usedBefore?: Usage | undefined
}

/**
 * Reads the standard output of one call, line by line. Each call needs its own reader. The same
 * lines always give the same result.
 */
export interface AgentReader {
  /**
   * Reads one complete line, without its newline. Returns the lines of text for people that it
   * completes.
   */
  readonly readLine: (line: string) => ReadonlyArray<string>
  /** Returns the text for people that was still incomplete. */
  readonly flush: () => ReadonlyArray<string>
  /** Whether the output contains the agent's result. More output can revoke it. */
  readonly hasResult: () => boolean
  /** The state as text, from which another reader of the same call can continue. */
  readonly saveState: () => string
  /**
   * Continues from a saved state, in place of the lines until then. Returns false and changes
   * nothing if the text is no saved state.
   */
  readonly restoreState: (state: string) => boolean
  /** The outcome of the call. */
  readonly finish: (end: CallEnd) => AgentOutcome
}

/** The fields of a prompt that not every agent supports. */
export type AgentField =
  | "model"
  | "effort"
  | "systemPrompt"
  | "permissionMode"
  | "maxTurns"
  | "maxCostUsd"
  | "outputSchema"
  | "session"

/**
 * Where an agent finds its credentials. It counts as logged in if one of these variables is set, or
 * if one of these files exists.
 */
export interface CredentialSources {
  readonly variables: ReadonlyArray<string>
  /**
   * Paths relative to the home directory. A variable can replace their folder:
   * `${CODEX_HOME:-.codex}/auth.json`.
   */
  readonly files: ReadonlyArray<string>
}

/** An agent CLI. */
export interface Agent {
  readonly name: string
  /** The executable's usual name. */
  readonly command: string
  /** How to install it, for people: one command. */
  readonly install: string
  /** How to log in, for people: one command. */
  readonly login: string
  readonly credentialSources: CredentialSources
  /** The default permission mode; null if the agent has none, because its own settings decide. */
  readonly permissionMode: PermissionMode | null
  /**
   * The fields of the work that the agent does not support, each with the reason. Empty if it
   * supports all. A reason is the rest of a sentence that begins with the field.
   */
  readonly unsupportedFields: (
    work: AgentWork
  ) => ReadonlyArray<{ readonly field: AgentField; readonly message: string }>
  readonly call: (work: AgentWork, setting: CallSetting) => AgentCall
  readonly reader: (work: AgentWork) => AgentReader
}
