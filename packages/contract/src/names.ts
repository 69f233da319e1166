/** The names of operations and flags as plain strings, for the thin entry, which loads no schema. The table is held to them by its type. */

/** Every operation, in the order of the table. */
export const operationNames = [
  "start",
  "status",
  "list",
  "wait",
  "stop",
  "restart",
  "retry",
  "resume",
  "send",
  "logs",
  "events",
  "why",
  "plan",
  "prune",
  "doctor",
  "capabilities",
  "schema list",
  "schema show",
  "examples list",
  "examples show",
  "agents list",
  "agents check",
  "init",
  "config show",
  "config set",
  "config reset",
  "config path",
  "pipeline create",
  "pipeline get",
  "pipeline list",
  "pipeline cancel",
  "queue list",
  "queue pause",
  "queue resume",
  "queue set",
  "engine status",
  "engine stop"
] as const

/** The name of an operation. */
export type OperationName = (typeof operationNames)[number]

/** The flags that steer an execution, and whether a value follows. */
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

const isFlagName = (name: string): name is FlagName => Object.hasOwn(flagKinds, name)

/** All of them. */
export const flagNames: ReadonlyArray<FlagName> = Object.keys(flagKinds).filter(isFlagName)

/** The name of one that an operation takes or does not take. */
export type OwnFlagName = Exclude<FlagName, "get" | "human">

/** The flags that every operation takes. */
export const commonFlagNames = ["get", "human", "pretty", "home", "help", "version"] as const

/** The operations that need the caller's environment. */
export const operationsWithEnvironment: ReadonlyArray<string> = [
  "start",
  "retry",
  "resume",
  "pipeline create",
  "plan",
  "agents list",
  "agents check",
  "init",
  "doctor"
]

/** The operations that use an engine that runs, and start none. */
export const operationsWithoutStart: ReadonlyArray<string> = [
  "config path",
  "engine status",
  "engine stop"
]

/** The operations that the caller answers by itself, from the table alone. */
export const discoveryNames: ReadonlyArray<string> = [
  "capabilities",
  "schema list",
  "schema show",
  "examples list",
  "examples show"
]
