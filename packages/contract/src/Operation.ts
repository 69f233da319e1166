/** A row of the table of operations: everything that a surface needs to know about an operation. */
import type * as Schema from "effect/Schema"
import type { EntryRow } from "./EntryRow.ts"
import { commonFlagNames, type OwnFlagName } from "./names.ts"
import type { ProblemType } from "./Problem.ts"
import type { Text } from "./Text.ts"

/** A valid payload and what it shows. A test runs every example. */
export interface Example {
  readonly title: string
  readonly payload: unknown
}

/** The reader of an answer, and whether the call waited. */
export interface Reading {
  readonly client: string
  readonly cwd: string
  readonly pid: number
  /** Absent for a caller without a session. Such callers count as one session. */
  readonly sessionId?: string
  readonly waited: boolean
}

/** Removes fields without information from the data of an answer. */
export interface Cut<Data> {
  // A method, so that rows with different types are all operations.
  of(data: Data, reading: Reading): unknown
}

/** How the answer is printed for people; each form has a renderer in the engine's `human/`. */
export type HumanForm = "tasks" | "schedules" | "agents" | "lines" | "reasons" | "outline"

/** How MCP offers an operation. */
export interface McpRow {
  /** The MCP tool that only calls this operation. */
  readonly tool?: string
}

/** What a caller can request, what is returned, and which errors can occur. */
export interface Operation<
  Name extends string = string,
  Input extends Schema.Codec<unknown, unknown> = Schema.Codec<unknown, unknown>,
  Output extends Schema.Codec<unknown, unknown> = Schema.Codec<unknown, unknown>
> extends EntryRow {
  /** One or two words. */
  readonly name: Name
  /** One sentence. */
  readonly summary: string
  readonly input: Input
  readonly output: Output
  /** What is shown without `full`; absent: all data. */
  readonly cut?: Cut<Output["Type"]>
  readonly errors: ReadonlyArray<ProblemType>
  readonly examples: ReadonlyArray<Example>
  /** What to use instead of fields that are often given but unknown. */
  readonly insteadOf?: Readonly<Record<string, Text>>
  /** Whether an array of payloads is accepted. */
  readonly batch: boolean
  /** Whether it returns only when something has ended or started, regardless of flags. */
  readonly waits?: boolean
  readonly flags: ReadonlyArray<OwnFlagName>
  /** Changes nothing. */
  readonly readOnly: boolean
  /** Whether an argument vector may follow after `--`. */
  readonly argv?: boolean
  /** Whether it writes large answers to a file itself. */
  readonly ownArtifact?: boolean
  /**
   * Its field `payload` is a payload of the operation in its field `operation`; absent: of this
   * operation.
   */
  readonly wraps?: string
  /** How the answer is printed for people; default: its fields as lines. */
  readonly human?: HumanForm
  /**
   * How the page calls it: with the payload as the body, or as a stream of server-sent events.
   * Absent: not allowed.
   */
  readonly web?: "POST" | "GET"
  /** How MCP offers it, and that RunOperation may call it. Absent: not allowed. */
  readonly mcp?: McpRow
}

/** The flags of an operation as typed, such as `--wait`. */
export const knownFlags = ({ flags }: Operation): ReadonlyArray<string> =>
  [...flags, ...commonFlagNames].map((name) => `--${name}`)

/** Keeps the literal name and the schema types of a row. */
export const operation = <
  const Name extends string,
  Input extends Schema.Codec<unknown, unknown>,
  Output extends Schema.Codec<unknown, unknown>
>(
  row: Operation<Name, Input, Output>
): Operation<Name, Input, Output> => row
