/** One row of the table of operations: everything that any surface needs to know of it. */
import type * as Schema from "effect/Schema"
import type { EntryRow } from "./EntryRow.ts"
import { commonFlagNames, type OwnFlagName } from "./names.ts"
import type { ProblemType } from "./Problem.ts"
import type { Text } from "./Text.ts"

/** A payload that works, with what it shows. Every example is run by a test. */
export interface Example {
  readonly title: string
  readonly payload: unknown
}

/** Who reads an answer, and whether the call waited for it. */
export interface Reading {
  readonly client: string
  readonly cwd: string
  readonly pid: number
  /** Absent of a caller without a session: these count as one. */
  readonly sessionId?: string
  readonly waited: boolean
}

/** Leaves out of the data of an answer what says nothing. */
export interface Cut<Data> {
  // A method, so that a row of the table is an operation like any other.
  of(data: Data, reading: Reading): unknown
}

/** How the answer is printed for people; each has a renderer in the engine's `human/`. */
export type HumanForm = "tasks" | "agents" | "lines" | "reasons" | "outline"

/** How MCP offers an operation. */
export interface McpRow {
  /** The tool that only calls this operation. */
  readonly tool?: string
}

/** What a caller can ask, what comes back, and what can go wrong. */
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
  /** What is shown of the data unless `full` asks for all of it; without it everything is. */
  readonly cut?: Cut<Output["Type"]>
  readonly errors: ReadonlyArray<ProblemType>
  readonly examples: ReadonlyArray<Example>
  /** What to do instead, for fields that are often given where they are unknown. */
  readonly insteadOf?: Readonly<Record<string, Text>>
  /** Whether an array of payloads is taken too. */
  readonly batch: boolean
  /** Whether it answers when something has ended or begun, whatever the flags. */
  readonly waits?: boolean
  readonly flags: ReadonlyArray<OwnFlagName>
  /** Changes nothing. */
  readonly readOnly: boolean
  /** Whether an argument vector may follow behind `--`. */
  readonly argv?: boolean
  /** Whether it puts a large answer into a file in its own way. */
  readonly ownArtifact?: boolean
  /** Its field `payload` is a payload of the operation in its field `operation`, or of this one where that is absent. */
  readonly wraps?: string
  /** How the answer is printed for people (default: its fields as lines). */
  readonly human?: HumanForm
  /** How the page calls it: with the payload as the body, or as a stream of server-sent events. Absent: it may not. */
  readonly web?: "POST" | "GET"
  /** How MCP offers it. With this RunOperation may call it; absent: it may not. */
  readonly mcp?: McpRow
}

/** The flags that an operation knows, as typed, such as `--wait`. */
export const knownFlags = ({ flags }: Operation): ReadonlyArray<string> =>
  [...flags, ...commonFlagNames].map((name) => `--${name}`)

/** Keeps the literal name and the schemas' types of a row. */
export const operation = <
  const Name extends string,
  Input extends Schema.Codec<unknown, unknown>,
  Output extends Schema.Codec<unknown, unknown>
>(
  row: Operation<Name, Input, Output>
): Operation<Name, Input, Output> => row
