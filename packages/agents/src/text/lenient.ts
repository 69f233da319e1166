/**
 * Schemas for the output of other programs. A field of an unexpected type counts as absent, and the
 * others are still read.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A key of a struct that decodes to null if it is missing, null or of another type. */
export const lenient = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownOption(schema)
  return Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.NullOr(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional((given: Option.Option<unknown>) =>
        Option.some(Option.getOrNull(Option.flatMap(given, decode)))
      ),
      encode: SchemaGetter.transform((value): unknown => value)
    })
  )
}

const decodeJson = Schema.decodeUnknownOption(Schema.Json)

/**
 * A value as JSON, or null if it cannot be encoded: it is nested too deep, or a number is infinite.
 */
export const asJson = (value: unknown): Schema.Json | null => {
  try {
    JSON.stringify(value)
    return Option.getOrNull(decodeJson(value))
  } catch {
    return null
  }
}

/** The value of a JSON text, or undefined if it is not JSON. */
export const parseJson = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
