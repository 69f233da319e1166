/** The JSON Schemas of the table as data, from which messages, help and documents are made. */
import * as Schema from "effect/Schema"
import { jsonSchema, type Side } from "./jsonSchema.ts"
import type { Operation } from "./Operation.ts"

/** The part of JSON Schema that the table uses. */
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

/** Decodes a JSON Schema. */
export const Shape: Schema.Codec<Shape> = Schema.Struct({
  type: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  enum: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  anyOf: Schema.optionalKey(Schema.Array(inner)),
  items: Schema.optionalKey(inner),
  properties: Schema.optionalKey(Schema.Record(Schema.String, inner)),
  patternProperties: Schema.optionalKey(Schema.Record(Schema.String, inner)),
  additionalProperties: Schema.optionalKey(Schema.Unknown),
  required: Schema.optionalKey(Schema.Array(Schema.String)),
  pattern: Schema.optionalKey(Schema.String),
  minimum: Schema.optionalKey(Schema.Finite),
  maximum: Schema.optionalKey(Schema.Finite),
  minLength: Schema.optionalKey(Schema.Int),
  maxLength: Schema.optionalKey(Schema.Int),
  minItems: Schema.optionalKey(Schema.Int),
  maxItems: Schema.optionalKey(Schema.Int)
})

/** The schema of a payload or an answer. */
export const shapeOf = (operation: Operation, side: Side): Shape =>
  Schema.decodeUnknownSync(Shape)(jsonSchema(operation, side))

/** The bounds of a number, such as ` from 1 to 500` or ` of at least 0`; empty without bounds. */
export const boundsOf = ({
  minimum = Number.MIN_SAFE_INTEGER,
  maximum = Number.MAX_SAFE_INTEGER
}: Shape): string => {
  if (minimum === Number.MIN_SAFE_INTEGER) return ""
  return maximum === Number.MAX_SAFE_INTEGER
    ? ` of at least ${minimum}`
    : ` from ${minimum} to ${maximum}`
}

const ofObject = ({ properties = {}, patternProperties = {} }: Shape, nameOf: NameOf): string => {
  const keys = Object.keys(properties)
  if (keys.length > 0) return `{${keys.join(", ")}}`
  const [values] = Object.values(patternProperties)
  return values === undefined ? "object" : `object of ${typeText(values, nameOf)}`
}

/** The name of a shape, if it has one. */
export type NameOf = (shape: Shape) => string | null

/** Shows several objects only by the key that distinguishes each. */
const ofUnion = (members: ReadonlyArray<Shape>, nameOf: NameOf): string => {
  const objects = members.filter(({ properties }) => properties !== undefined)
  const texts = members.map((member) =>
    objects.length > 1 && objects.includes(member) && nameOf(member) === null
      ? `{${member.required?.[0] ?? ""}, …}`
      : typeText(member, nameOf)
  )
  return [...new Set(texts)].join(" or ")
}

/** The type of a value in a few words, such as `integer from 1 to 500` or `all|any`. */
export const typeText = (shape: Shape, nameOf: NameOf = () => null): string => {
  const name = nameOf(shape)
  if (name !== null) return name
  if (shape.enum !== undefined) return shape.enum.map(String).join("|")
  if (shape.anyOf !== undefined) return ofUnion(shape.anyOf, nameOf)
  if (shape.type === "array")
    return shape.items === undefined ? "array" : `[${typeText(shape.items, nameOf)}]`
  if (shape.type === "object") return ofObject(shape, nameOf)
  return `${shape.type ?? "any"}${boundsOf(shape)}`
}
