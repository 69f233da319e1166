/** The JSON Schemas of the table as data: what messages, help and documents are made from. */
import * as Schema from "effect/Schema"
import { jsonSchema, type Side } from "./jsonSchema.ts"
import type { Operation } from "./Operation.ts"

/** A JSON Schema, as far as the table uses it. */
export interface Shape {
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Shape>
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: unknown
  readonly required?: ReadonlyArray<string>
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

const inner = Schema.suspend((): Schema.Codec<Shape> => Shape)
const { optionalKey } = Schema

/** Reads a JSON Schema. */
export const Shape: Schema.Codec<Shape> = Schema.Struct({
  type: optionalKey(Schema.String),
  description: optionalKey(Schema.String),
  enum: optionalKey(Schema.Array(Schema.Unknown)),
  anyOf: optionalKey(Schema.Array(inner)),
  items: optionalKey(inner),
  properties: optionalKey(Schema.Record(Schema.String, inner)),
  patternProperties: optionalKey(Schema.Record(Schema.String, inner)),
  additionalProperties: optionalKey(Schema.Unknown),
  required: optionalKey(Schema.Array(Schema.String)),
  pattern: optionalKey(Schema.String),
  minimum: optionalKey(Schema.Finite),
  maximum: optionalKey(Schema.Finite),
  minLength: optionalKey(Schema.Int),
  maxLength: optionalKey(Schema.Int),
  minItems: optionalKey(Schema.Int),
  maxItems: optionalKey(Schema.Int)
})

/** The shape of a payload or an answer. */
export const shapeOf = (operation: Operation, side: Side): Shape => Schema.decodeUnknownSync(Shape)(jsonSchema(operation, side))

/** The bounds of a number as ` from 1 to 500`, ` of at least 0`, or nothing. */
export const boundsOf = ({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Shape): string => {
  if (minimum === Number.MIN_SAFE_INTEGER) return ""
  return maximum === Number.MAX_SAFE_INTEGER ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`
}

const ofObject = ({ properties = {}, patternProperties = {} }: Shape, nameOf: NameOf): string => {
  const keys = Object.keys(properties)
  if (keys.length > 0) return `{${keys.join(", ")}}`
  const [values] = Object.values(patternProperties)
  return values === undefined ? "object" : `object of ${typeText(values, nameOf)}`
}

/** What a shape is called where it has a name of its own. */
export type NameOf = (shape: Shape) => string | null

/** Of several objects only the key that tells each apart. */
const ofUnion = (members: ReadonlyArray<Shape>, nameOf: NameOf): string => {
  const objects = members.filter(({ properties }) => properties !== undefined)
  const texts = members.map((member) =>
    objects.length > 1 && objects.includes(member) ? `{${member.required?.[0] ?? ""}, …}` : typeText(member, nameOf)
  )
  return [...new Set(texts)].join(" or ")
}

/** The type of a value in a few words, such as `integer from 1 to 500` or `all|any`. */
export const typeText = (shape: Shape, nameOf: NameOf = () => null): string => {
  const name = nameOf(shape)
  if (name !== null) return name
  if (shape.enum !== undefined) return shape.enum.map(String).join("|")
  if (shape.anyOf !== undefined) return ofUnion(shape.anyOf, nameOf)
  if (shape.type === "array") return shape.items === undefined ? "array" : `[${typeText(shape.items, nameOf)}]`
  if (shape.type === "object") return ofObject(shape, nameOf)
  return `${shape.type ?? "any"}${boundsOf(shape)}`
}
