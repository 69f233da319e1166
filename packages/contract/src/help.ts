/** Help as JSON for agents and as text for people, derived from the table. */
import { callText } from "./callText.ts"
import type { OwnFlagName } from "./names.ts"
import type { Operation } from "./Operation.ts"
import { shapeOf, typeText } from "./Shape.ts"
import { operations } from "./table.ts"

/** What each flag does. */
export const flagTexts: Readonly<Record<OwnFlagName, string>> = {
  output:
    "--output auto|inline|artifact   write large answers to a file: if too large (auto), never, always",
  wait: "--wait                         wait until it has ended, or is ready if it has readyWhen",
  stream: "--stream                       newline-delimited JSON, one frame a line",
  timeout: "--timeout <seconds>            how long to wait (default 60)",
  concurrency: "--concurrency <n>              run at most n tasks of this call at a time",
  "exit-status":
    "--exit-status                  exit with the task's code: 128 + signal, 124 if the wait timed out, 125 if the call was rejected",
  follow:
    "--follow                       print new output until the task ends: --stream with follow"
}

/** The flags of every operation. */
export const commonFlagTexts = [
  "--get <path>                   print one value of the answer, such as task.id or tasks.id",
  "--human                        text for people instead of JSON; as the default: config set format human",
  "--pretty                       indented JSON",
  "--home <dir>                   the state folder (else BACKBEAT_HOME)",
  "--help                         this help",
  "--version                      the version"
]

/** One field of a payload for help. */
export interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

/** The fields of an operation's payload. */
export const fieldsOf = (operation: Operation): ReadonlyArray<Field> => {
  const { properties = {}, required = [] } = shapeOf(operation, "input")
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: typeText(property),
    required: required.includes(name),
    description: property.description ?? ""
  }))
}

/** Help on everything, as data. */
export const helpData = (version: string) => ({
  usage: "backbeat <operation> [payload] [flags]",
  version,
  payload: [
    '\'{"id":"demo"}\'  inline JSON',
    "@file.json",
    "-  (stdin)",
    "start -- command args..."
  ],
  operations: Object.values(operations).map(({ name, summary }) => ({ name, summary })),
  flags: [...Object.values(flagTexts), ...commonFlagTexts]
})

/** Help on one operation, as data. */
export const operationHelpData = (operation: Operation) => ({
  operation: operation.name,
  summary: operation.summary,
  usage: usageOf(operation),
  fields: fieldsOf(operation),
  flags: [...operation.flags.map((flag) => flagTexts[flag]), ...commonFlagTexts],
  errors: operation.errors,
  examples: operation.examples
})

const usageOf = (operation: Operation): string => {
  const payload =
    operation.positional === null ? "[payload]" : `[payload | <${operation.positional}>]`
  const more =
    operation.argv === true ? ` | ${operation.name} [payload] [flags] -- command args...` : ""
  return `backbeat ${operation.name} ${payload} [flags]${more}`
}

const indent = (lines: ReadonlyArray<string>): string => lines.map((line) => `  ${line}`).join("\n")

/** Help on the operations that begin with a word, as data. */
export const groupHelpData = (group: string, its: ReadonlyArray<Operation>) => ({
  group,
  usage: `backbeat ${group} <operation> [payload] [flags]`,
  operations: its.map(({ name, summary }) => ({ name, summary }))
})

const summaries = (its: ReadonlyArray<Pick<Operation, "name" | "summary">>): string => {
  const width = Math.max(...its.map(({ name }) => name.length)) + 2
  return indent(its.map(({ name, summary }) => name.padEnd(width) + summary))
}

/** Help on the operations that begin with a word, as text. */
export const groupHelpText = (group: string, its: ReadonlyArray<Operation>): string => {
  const { usage, operations: rows } = groupHelpData(group, its)
  return [
    usage,
    "\nOperations",
    summaries(rows),
    "\nbackbeat <operation> --help shows the fields of one operation."
  ].join("\n")
}

/** Help on everything, as text. */
export const helpText = (version: string): string => {
  const { usage, payload, operations: rows, flags } = helpData(version)
  return [
    `backbeat ${version}: background work for coding agents`,
    `\n${usage}\n\nOperations`,
    summaries(rows),
    "\nPayload",
    indent(payload),
    "\nFlags",
    indent(flags),
    "\nbackbeat <operation> --help shows the fields of one operation."
  ].join("\n")
}

/** Help on one operation, as text. */
export const operationHelpText = (operation: Operation): string => {
  const { usage, fields, flags, errors } = operationHelpData(operation)
  const width = Math.max(0, ...fields.map(({ name }) => name.length)) + 2
  const lines = fields.map(
    ({ name, required, description, type }) =>
      `${name.padEnd(width)}${description}${required ? " (required)" : ""}  [${type}]`
  )
  return [
    operation.summary,
    `\n${usage}`,
    ...(lines.length > 0 ? ["\nFields", indent(lines)] : []),
    "\nFlags",
    indent(flags),
    ...(errors.length > 0 ? [`\nErrors: ${errors.join(", ")}`] : []),
    "\nExamples",
    indent(
      operation.examples.map(
        ({ title, payload }) => `${title}:  ${callText(operation.name, payload)}`
      )
    )
  ].join("\n")
}
