/** What is wrong with a call that is no call: mostly a flag with a value that it does not take. */
import { CallRequest, Flags } from "@backbeat/contract/Call"
import { addressed, meaningOf } from "@backbeat/contract/Envelope"
import { withoutVain } from "@backbeat/contract/meant/holds"
import { payloadOf } from "@backbeat/contract/payload"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import { findOperation } from "@backbeat/contract/table"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const Outline = Schema.Struct({
  ...CallRequest.fields,
  payload: Schema.optionalKey(CallRequest.fields.payload),
  caller: Schema.optionalKey(Schema.Unknown),
  flags: Schema.optionalKey(
    Schema.Struct({ ...Flags.fields, timeout: Schema.optionalKey(Schema.Unknown) })
  )
})
type Outline = typeof Outline.Type
const decodeOperation = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ operation: Schema.String }))
)
const decodeOutline = Schema.decodeUnknownOption(Schema.fromJsonString(Outline))
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const mostSeconds = 86_400

/** A length that is too long in seconds was meant in milliseconds: the problem with the call that says so. */
const inMilliseconds = (told: Problem, outline: Outline): Problem => {
  const { operation, payload = null, flags = {} } = outline
  const { timeout, ...others } = flags
  const row = findOperation(operation)
  const seconds = Number(timeout) / 1000
  if (row === null || !(Number(timeout) > mostSeconds && seconds <= mostSeconds)) return told
  const argv = outline.argv === undefined ? {} : { argv: outline.argv }
  const given = payloadOf(row, { payload, flags: others, ...argv })
  if (Result.isFailure(given)) return told
  return withoutVain(
    addressed(
      {
        ...told,
        hint: `--timeout is in seconds: for ${String(timeout)} ms write ${seconds}.`,
        try: {
          operation,
          payload: given.success,
          flags: { ...meaningOf(others), timeout: seconds }
        }
      },
      { ...outline, flags: others }
    )
  )
}

/** The operation that was called, as far as it can be told, and the problem. */
export const explainMalformed = (
  text: string,
  { issue, message }: Schema.SchemaError
): { readonly operation: string; readonly trouble: Problem } => {
  const operation = Option.match(decodeOperation(text), {
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
  const told = commandInputError(
    flag === "timeout"
      ? `${name}: expected a number of seconds between 0 and ${mostSeconds}`
      : `${name}: ${expected}`,
    `Run backbeat ${operation} --help to see its flags.`,
    { flag: name }
  )
  const outline = flag === "timeout" ? decodeOutline(text) : Option.none()
  return {
    operation,
    trouble: Option.isSome(outline) ? inMilliseconds(told, outline.value) : told
  }
}
