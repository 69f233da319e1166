/**
 * Decodes payloads. Unknown keys are rejected with the most similar known one, and every error has
 * the path of its field.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { findFlaws, type Flaw, type Path } from "./Flaw.ts"
import type { Operation } from "./Operation.ts"
import { complete } from "./meant/complete.ts"
import { isOperationName } from "./names.ts"
import { atField, commandInputError, type Issue, type Problem } from "./Problem.ts"
import { shapeOf } from "./Shape.ts"
import { callOf, type Hint, isSilent, ownPath, type Sentence, sentence } from "./Text.ts"

const shownKeyLength = 64

const showKey = (key: string): string => {
  if (/^[A-Za-z_$][\w$-]*$/u.test(key) && key.length <= shownKeyLength) return `.${key}`
  return `[${JSON.stringify(key.length > shownKeyLength ? `${key.slice(0, shownKeyLength)}…` : key)}]`
}

/**
 * Formats a path such as `restart.delayMs`, `args[2]` or `env["A=B"]`; empty for the payload
 * itself.
 */
export const showPath = (path: Path): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : showKey(key)))
    .join("")
    .replace(/^\./u, "")

const isDefault = (message: string): boolean => message.startsWith("Expected ")
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The messages of the schemas by path: only they know the meaning of a pattern. */
export const messagesOf = (issue: SchemaIssue.Issue): ReadonlyMap<string, string> => {
  const messages = new Map<string, string>()
  for (const { message, path = [] } of formatIssue(issue).issues) {
    const key = JSON.stringify(path)
    if (!isDefault(message) && !messages.has(key)) messages.set(key, message)
  }
  return messages
}

const issueOf = ({ kind, message, path }: Flaw, told: string | undefined): Issue => {
  const field = showPath(path)
  if (kind === "unknown")
    return { path: field, message: sentence`unknown field ${ownPath}${message}` }
  if (kind === "missing") return { path: field, message: sentence`${ownPath} ${message}` }
  const wrong = told ?? message
  return { path: field, message: field === "" ? `the payload: ${wrong}` : wrong }
}

const exampleOf = ({ name, examples: [example] }: Operation): ReadonlyArray<Sentence> =>
  example === undefined || !isOperationName(name)
    ? []
    : [sentence`For example: ${callOf(name, example.payload)}.`]

const helpOf = ({ name }: Operation): Sentence => ({ lists: { fieldsOf: name } })

/** What the table suggests instead of an unknown field. */
const insteadOf = ({ insteadOf: told = {} }: Operation, flaw: Flaw | undefined) => {
  const field = String(flaw?.path.at(-1))
  return flaw?.kind === "unknown" && Object.hasOwn(told, field) ? told[field] : undefined
}

const hintOf = (operation: Operation, flaws: ReadonlyArray<Flaw>): Hint => {
  const [first] = flaws
  const example = flaws.some(({ kind }) => kind === "missing") ? exampleOf(operation) : []
  if (first?.kind !== "unknown") return [...example, helpOf(operation)]
  const instead = insteadOf(operation, first)
  if (instead !== undefined) return instead
  if (first.message !== "") return helpOf(operation)
  return [
    ...example,
    first.known.length > 0
      ? `Known fields: ${first.known.join(", ")}.`
      : `${operation.name} takes no fields.`
  ]
}

const rank = { value: 0, unknown: 1, missing: 2 } as const

const explain = (operation: Operation, payload: unknown, issue: SchemaIssue.Issue): Problem => {
  const shape = shapeOf(operation, "input")
  const flaws = findFlaws(shape, payload, []).toSorted(
    (one, two) => rank[one.kind] - rank[two.kind]
  )
  const messages = messagesOf(issue)
  const issues = flaws
    .slice(0, 20)
    .map((flaw) => issueOf(flaw, messages.get(JSON.stringify(flaw.path))))
  const [first] = flaws
  const meant = complete(operation, payload, shape)
  const said = meant === null ? hintOf(operation, flaws) : meant.hint
  const hint = isSilent(said) ? (insteadOf(operation, first) ?? "") : said
  const { path = "", message } = issues[0] ?? { message: "the payload does not fit its schema" }
  const told: Problem = {
    ...atField(path, commandInputError(message, hint)),
    ...(issues.length > 1 ? { issues } : {})
  }
  return meant === null ? told : { ...told, try: meant.call }
}

/** Decodes a payload of an operation. Fails with CommandInputError. */
export const decodePayload = <Input>(
  operation: Operation & { readonly input: Schema.Codec<Input, unknown> },
  payload: unknown
): Result.Result<Input, Problem> =>
  Result.mapError(
    Schema.decodeUnknownResult(operation.input, { onExcessProperty: "error", errors: "all" })(
      payload
    ),
    ({ issue }) => explain(operation, payload, issue)
  )
