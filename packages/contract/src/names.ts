/** The names of operations and flags as plain strings, for the thin entry, which loads no schema. */
import type { EntryRow } from "./EntryRow.ts"
import { printedRows } from "./printedRows.ts"

/** The name of an operation. */
export type OperationName = keyof typeof printedRows

/** Whether there is an operation of this name. */
export const isOperationName = (name: string): name is OperationName =>
  Object.hasOwn(printedRows, name)

/** Every operation, in the order of the table. */
export const operationNames: ReadonlyArray<OperationName> =
  Object.keys(printedRows).filter(isOperationName)

/** The columns of an operation that are known without its schemas; null for an unknown name. */
export const entryRowOf = (name: string): EntryRow | null =>
  isOperationName(name) ? printedRows[name] : null

/** The names of the operations with one of these values in the column `engine`. */
export type NamesByEngine<Engine extends EntryRow["engine"]> = {
  readonly [Name in OperationName]: (typeof printedRows)[Name] extends { readonly engine: Engine }
    ? Name
    : never
}[OperationName]

/** The surfaces for which the engine writes answers: the command line, and MCP. */
export const surfaceNames = ["cli", "mcp"] as const

/** The name of such a surface. */
export type SurfaceName = (typeof surfaceNames)[number]

/** The flags, and whether a value follows. */
export const flagKinds = {
  output: "text",
  wait: "switch",
  stream: "switch",
  timeout: "number",
  concurrency: "number",
  human: "switch",
  "exit-status": "switch",
  get: "text",
  follow: "switch"
} as const

/** The name of such a flag. */
export type FlagName = keyof typeof flagKinds

/** Whether there is a flag of this name. */
export const isFlagName = (name: string): name is FlagName => Object.hasOwn(flagKinds, name)

/** All flags. */
export const flagNames: ReadonlyArray<FlagName> = Object.keys(flagKinds).filter(isFlagName)

/** The name of a flag that only some operations accept. */
export type OwnFlagName = Exclude<FlagName, "get" | "human">

/** The flags that every operation accepts. */
export const commonFlagNames = ["get", "human", "pretty", "home", "help", "version"] as const

const isOwnFlagName = (name: FlagName): name is OwnFlagName => name !== "get" && name !== "human"

/** The flags that only some operations accept. */
export const ownFlagNames: ReadonlyArray<OwnFlagName> = flagNames.filter(isOwnFlagName)
