/** Explains a malformed call: usually a flag with an invalid value. */
import { isFlagName } from "@backbeat/contract/names"
import { flagOf, onlyOn, sentence } from "@backbeat/contract/Text"
import { CallRequest, Flags } from "@backbeat/contract/Call"
import { addressed, meaningOf } from "@backbeat/contract/Envelope"
import { withoutVain } from "@backbeat/contract/meant/holds"
import { payloadOf } from "@backbeat/contract/payload"
import { commandInputError, type Problem, atFlag } from "@backbeat/contract/Problem"
import type { Surface } from "@backbeat/contract/surface/Surface"
import { surfaceOf } from "@backbeat/contract/surface/surfaces"
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
const decodeAsked = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      operation: Schema.String,
      caller: Schema.optionalKey(
        Schema.Struct({ surface: CallRequest.fields.caller.fields.surface })
      )
    })
  )
)
const decodeOutline = Schema.decodeUnknownOption(Schema.fromJsonString(Outline))
type Asked = Option.Option.Value<ReturnType<typeof decodeAsked>>
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const maxSeconds = 86_400

/**
 * A timeout that is too large in seconds was probably meant in milliseconds: suggests the call in
 * seconds.
 */
const suggestSeconds = (told: Problem, outline: Outline): Problem => {
  const { operation, payload = null, flags = {} } = outline
  const { timeout, ...others } = flags
  const row = findOperation(operation)
  const seconds = Number(timeout) / 1000
  if (row === null || !(Number(timeout) > maxSeconds && seconds <= maxSeconds)) return told
  const argv = outline.argv === undefined ? {} : { argv: outline.argv }
  const given = payloadOf(row, { payload, flags: others, ...argv })
  if (Result.isFailure(given)) return told
  return withoutVain(
    addressed(
      {
        ...told,
        hint: sentence`${flagOf("timeout")} is in seconds: for ${String(timeout)} ms write ${seconds}.`,
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

/** The operation and the surface of the call, as far as they can be decoded, and the problem. */
export const explainMalformed = (
  text: string,
  { issue, message }: Schema.SchemaError
): { readonly operation: string; readonly surface: Surface; readonly trouble: Problem } => {
  const { operation, caller } = Option.getOrElse(decodeAsked(text), (): Asked => ({
    operation: "call"
  }))
  const surface = surfaceOf(caller?.surface)
  const [first] = formatIssue(issue).issues
  const [head, flag] = first?.path ?? []
  if (first === undefined || head !== "flags" || typeof flag !== "string") {
    return {
      operation,
      surface,
      trouble: commandInputError(
        `the call is malformed: ${message}`,
        "The caller and the engine must have the same version."
      )
    }
  }
  const expected = first.message.charAt(0).toLowerCase() + first.message.slice(1)
  const name = isFlagName(flag) ? flagOf(flag) : `--${flag}`
  const wrong =
    flag === "timeout" ? `expected a number of seconds between 0 and ${maxSeconds}` : expected
  const refused = commandInputError(
    sentence`${name}: ${wrong}`,
    onlyOn("cli", `Run backbeat ${operation} --help to see its flags.`)
  )
  const told = isFlagName(flag) ? atFlag(flag, refused) : refused
  const outline = flag === "timeout" ? decodeOutline(text) : Option.none()
  return {
    operation,
    surface,
    trouble: Option.isSome(outline) ? suggestSeconds(told, outline.value) : told
  }
}
