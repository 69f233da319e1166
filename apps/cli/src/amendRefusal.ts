/**
 * Adds to an error of the engine what only the caller knows: the flag --home, and an unread payload
 * on stdin.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fstatSync } from "node:fs"
import type { TypedCall } from "./commandLine.ts"

const Entries = Schema.Record(Schema.String, Schema.Unknown)
const Refusal = Schema.Struct({
  ok: Schema.Literal(false),
  command: Schema.String,
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    try: Schema.optionalKey(
      Schema.Struct({
        operation: Schema.String,
        payload: Schema.Unknown,
        flags: Schema.optionalKey(Entries)
      })
    ),
    details: Schema.StructWithRest(Schema.Struct({ hint: Schema.String }), [Entries])
  })
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Refusal))

/** Whether stdin is a pipe or file with content. Does not read it. */
const isFed = (): boolean => {
  try {
    const stat = fstatSync(0)
    return stat.isFIFO() || (stat.isFile() && stat.size > 0)
  } catch {
    return false
  }
}

type Shown = (typeof Refusal.Type)["error"]

const withHome = (error: Shown, home: string | undefined): Shown => {
  const { try: next } = error
  return next === undefined || home === undefined
    ? error
    : { ...error, try: { ...next, flags: { ...next.flags, home } } }
}

/** A call without a payload is rejected; its payload may be on stdin. */
const withStdin = (error: Shown, { operation, payload, argv }: TypedCall): Shown => {
  const { type, details } = error
  if (type !== "CommandInputError" || payload !== null || argv !== null || !isFed()) return error
  return {
    ...error,
    details: {
      ...details,
      hint: `To read the payload from stdin, use -: backbeat ${operation} -. ${details.hint}`
    }
  }
}

/** The document of an error with these additions. */
export const amendRefusal = (document: string, line: TypedCall): string => {
  const refusal = Option.getOrNull(decode(document))
  if (refusal === null) return document
  const { error } = refusal
  const amended = withStdin(withHome(error, line.home), line)
  return amended === error
    ? document
    : JSON.stringify({ ...refusal, error: amended }, null, line.pretty ? 2 : undefined)
}
