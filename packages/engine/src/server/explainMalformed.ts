/** What is wrong with a call that is no call: mostly a flag with a value that it does not take. */
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const decodeOutline = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ operation: Schema.String }))
)
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The operation that was called, as far as it can be told, and the problem. */
export const explainMalformed = (
  text: string,
  { issue, message }: Schema.SchemaError
): { readonly operation: string; readonly trouble: Problem } => {
  const operation = Option.match(decodeOutline(text), {
    onNone: () => "call",
    onSome: (outline) => outline.operation
  })
  const [first] = formatIssue(issue).issues
  const [head, flag] = first?.path ?? []
  if (first === undefined || head !== "flags" || typeof flag !== "string") {
    return {
      operation,
      trouble: commandInputError(
        `the call is malformed: ${message}`,
        "Use the backbeat CLI with the version of this engine."
      )
    }
  }
  const expected = first.message.charAt(0).toLowerCase() + first.message.slice(1)
  const name = `--${flag}`
  return {
    operation,
    trouble: commandInputError(
      `${name}: ${expected}`,
      `Run backbeat ${operation} --help to see its flags.`,
      {
        flag: name
      }
    )
  }
}
