/** Formats an error for people: what is wrong, what to do, and the line to type. */
import { callText } from "@backbeat/contract/callText"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Failure = Schema.Struct({
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    try: Schema.optionalKey(
      Schema.Struct({
        operation: Schema.String,
        payload: Schema.Unknown,
        flags: Schema.optionalKey(
          Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
        )
      })
    ),
    details: Schema.Struct({ hint: Schema.String })
  })
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Failure))

const flagText = ([name, value]: readonly [string, string | number | boolean]): string =>
  value === true ? ` --${name}` : ` --${name}=${value}`

/** The text of a failure's document; any other document unchanged. */
export const humanError = (document: string): string =>
  Option.match(decode(document), {
    onNone: () => document,
    onSome: ({
      error: {
        type,
        message,
        details: { hint },
        try: next
      }
    }) => {
      const line =
        next === undefined
          ? []
          : [
              `  try: ${callText(next.operation, next.payload)}${Object.entries(next.flags ?? {})
                .map(flagText)
                .join("")}`
            ]
      const isSaid = next !== undefined && hint.startsWith("Run the call in")
      return [`${type}: ${message}`, ...(isSaid ? [] : [`  ${hint}`]), ...line].join("\n")
    }
  })
