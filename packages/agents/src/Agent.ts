/** What backbeat knows of an agent CLI: how it is called, how its output is read, what it can and cannot do. */
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode, Usage } from "@backbeat/core/task/AgentWork"
import type { Outcome } from "@backbeat/core/task/AttemptEnd"

/** A file that a call needs, below the folder of its attempt. */
export interface CallFile {
  readonly path: string
  readonly text: string
}

/** One call of an agent CLI. The prompt goes on standard input, which is closed behind it. */
export interface AgentCall {
  readonly argv: readonly [command: string, ...args: ReadonlyArray<string>]
  readonly stdin: string
  /** Variables that are added to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** What must be written, 0600, before the call. */
  readonly files: ReadonlyArray<CallFile>
}

/** How a call is made: with which executable (the configured one, or the usual), and where its files go (absolute). */
export interface CallSetting {
  readonly command: string
  /** Arguments that the configuration adds, before all others but a subcommand. A custom agent takes none. */
  readonly args: ReadonlyArray<string>
  readonly folder: string
  /** The environment that the call will have, for what has to be added to the value of a variable. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * The end of a call. `stderr` is the end of its standard error, a few KB; `usedBefore` what the session had used up before, where
 * more is known of that than when the task was made: others may have gone on in it since.
 */
export interface CallEnd {
  readonly outcome: Outcome
  readonly stderr: string
  readonly usedBefore?: Usage | undefined
}

/** Reads the standard output of one call, line by line. One for each call; the same lines always give the same. */
export interface AgentReader {
  /** Takes one complete line, without its newline, and answers with the lines of text for people that it completes. */
  readonly take: (line: string) => ReadonlyArray<string>
  /** The text for people that waited for more output. */
  readonly rest: () => ReadonlyArray<string>
  /** Whether the output has told how the agent's work ended. More output may take that back. */
  readonly hasTold: () => boolean
  /** What it knows, as a text, from which another reader of the same call goes on. */
  readonly keep: () => string
  /** Goes on from what another one has kept, in place of the lines until then; false, and nothing is changed, when nobody kept that. */
  readonly goOn: (kept: string) => boolean
  /** What became of the call. */
  readonly conclude: (end: CallEnd) => AgentOutcome
}

/** The fields of a prompt that not every agent can honour. */
export type AgentField =
  | "model"
  | "effort"
  | "systemPrompt"
  | "permissionMode"
  | "maxTurns"
  | "maxCostUsd"
  | "outputSchema"
  | "session"

/** What shows without a call that an agent is logged in: one of these variables is set, or one of these files exists. */
export interface LoginMarks {
  readonly variables: ReadonlyArray<string>
  /** Paths relative to the home directory; a variable may move their folder: `${CODEX_HOME:-.codex}/auth.json`. */
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
  readonly loginMarks: LoginMarks
  /** The permission mode where nobody says another; null when it takes none, because its own settings decide. */
  readonly permissionMode: PermissionMode | null
  /** Why a field of the work cannot be honoured; empty when all can. A sentence goes on from the field's name. */
  readonly unable: (
    work: AgentWork
  ) => ReadonlyArray<{ readonly field: AgentField; readonly message: string }>
  readonly call: (work: AgentWork, setting: CallSetting) => AgentCall
  readonly reader: (work: AgentWork) => AgentReader
}
