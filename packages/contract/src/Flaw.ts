/**
 * Finds the flaws of a rejected payload by its JSON Schema. In a union, only the intended member is
 * reported.
 */
import * as Predicate from "effect/Predicate"
import { unitOf } from "./meant/units.ts"
import { fieldMeantBy } from "./meant/words.ts"
import { isClose, nearest } from "./nearest.ts"
import { boundsOf, type Shape } from "./Shape.ts"

/** The keys and indexes that lead to a value. */
export type Path = ReadonlyArray<string | number>

/**
 * One flaw. `message` says what was expected, `shape` is the expected schema, and `known` are the
 * known keys there.
 */
export interface Flaw {
  readonly path: Path
  readonly kind: "value" | "unknown" | "missing"
  readonly message: string
  readonly known: ReadonlyArray<string>
  readonly shape: Shape
  /** The sibling fields that are objects and have a field with the unknown name. */
  readonly holders?: ReadonlyArray<string>
}

const kindOf = (value: unknown): string => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  return typeof value
}

const kindsOf = ({ type, enum: literals }: Shape): string | undefined => {
  if (literals !== undefined) return kindOf(literals[0])
  return type === "integer" ? "number" : type
}

const kindTexts: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "an array",
  null: "null"
}
const gotTexts: Readonly<Record<string, string>> = { ...kindTexts, boolean: "a boolean" }

const quoted = (words: ReadonlyArray<unknown>): string =>
  words.map((word) => JSON.stringify(word)).join(", ")

/** How many keys of an expected object a message lists. */
const namedKeys = 12

const objectText = ({ properties = {} }: Shape, path: Path): string => {
  const keys = Object.keys(properties)
  return keys.length === 0 || keys.length > namedKeys || path.length === 0
    ? "an object"
    : `an object with ${keys.join(", ")}`
}

const unitText = (path: Path): string => {
  const unit = unitOf(String(path.at(-1) ?? ""))
  return unit === null ? "" : ` of ${unit}`
}

const wanted = (shape: Shape, path: Path): string => {
  if (shape.enum !== undefined)
    return shape.enum.length === 1 ? quoted(shape.enum) : `one of ${quoted(shape.enum)}`
  if (shape.type === "integer") return `a whole number${unitText(path)}${boundsOf(shape)}`
  if (shape.type === "number") return `a number${unitText(path)}${boundsOf(shape)}`
  if (shape.type === "object") return objectText(shape, path)
  return kindTexts[shape.type ?? ""] ?? "another value"
}

const atValue = (path: Path, message: string, shape: Shape): ReadonlyArray<Flaw> => [
  { path, kind: "value", message, known: [], shape }
]

const ofString = (shape: Shape, value: string, path: Path): ReadonlyArray<Flaw> => {
  const { minLength = 0, maxLength = Infinity, pattern } = shape
  if (value.length < minLength) return atValue(path, "must not be empty", shape)
  if (value.length > maxLength && [...value].length > maxLength) {
    return atValue(path, `must have at most ${maxLength} characters`, shape)
  }
  if (pattern === undefined || new RegExp(pattern, "u").test(value)) return []
  return atValue(path, `must match ${pattern}`, shape)
}

const ofNumber = (shape: Shape, value: number, path: Path): ReadonlyArray<Flaw> => {
  const { minimum = -Infinity, maximum = Infinity } = shape
  const fits = shape.type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value)
  return fits && value >= minimum && value <= maximum
    ? []
    : atValue(path, `expected ${wanted(shape, path)}`, shape)
}

const ofArray = (shape: Shape, value: ReadonlyArray<unknown>, path: Path): ReadonlyArray<Flaw> => {
  const { items = {}, minItems = 0, maxItems = Infinity } = shape
  if (value.length > maxItems) return atValue(path, `must have at most ${maxItems} items`, shape)
  if (value.length < minItems)
    return atValue(
      path,
      minItems === 1 ? "must not be empty" : `must have at least ${minItems} items`,
      shape
    )
  return value.flatMap((item, index) => findFlaws(items, item, [...path, index]))
}

/**
 * The known field that an unknown name probably means: another tool's word for it, or the most
 * similar name.
 */
export const fieldFor = (key: string, known: ReadonlyArray<string>): string | null =>
  fieldMeantBy(key, known) ?? nearest(key, known)

/** The known field that an unknown name certainly means. Similar words may mean something else. */
export const fieldMeant = (key: string, known: ReadonlyArray<string>): string | null => {
  const near = onlyNearest(key, known)
  return fieldMeantBy(key, known) ?? (near !== null && isClose(key, near) ? near : null)
}

/** The fields of an object that are objects and have a field of this name. */
export const holdersOf = ({ properties = {} }: Shape, key: string): ReadonlyArray<string> =>
  Object.entries(properties).flatMap(([name, shape]) =>
    (shape.anyOf ?? [shape]).some((each) => Object.hasOwn(each.properties ?? {}, key)) ? [name] : []
  )

const meantInstead = (
  key: string,
  known: ReadonlyArray<string>,
  holders: ReadonlyArray<string>
): string => {
  if (holders.length > 0) return `; it belongs inside ${holders.join(" or ")}`
  const near = fieldFor(key, known)
  return near === null ? "" : `; did you mean ${near}?`
}

const ofKey = (shape: Shape, key: string, value: unknown, path: Path): ReadonlyArray<Flaw> => {
  const { properties = {}, patternProperties = {}, additionalProperties } = shape
  const property = Object.hasOwn(properties, key) ? properties[key] : undefined
  if (property !== undefined) return findFlaws(property, value, path)
  const patterns = Object.entries(patternProperties)
  const matching = patterns.find(([pattern]) => new RegExp(pattern, "u").test(key))
  if (matching !== undefined) return findFlaws(matching[1], value, path)
  if (additionalProperties !== false) return []
  const [first] = patterns
  if (first !== undefined) return atValue(path, `a name here must match ${first[0]}`, {})
  const known = Object.keys(properties)
  const holders = fieldMeantBy(key, known) === null ? holdersOf(shape, key) : []
  return [
    { path, kind: "unknown", message: meantInstead(key, known, holders), known, shape, holders }
  ]
}

const ofObject = (shape: Shape, value: object, path: Path): ReadonlyArray<Flaw> => [
  ...Object.entries(value).flatMap(([key, each]) => ofKey(shape, key, each, [...path, key])),
  ...(shape.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key): Flaw => ({
      path: [...path, key],
      kind: "missing",
      message: "is missing",
      known: [],
      shape
    }))
]

const tellingKeys = (members: ReadonlyArray<Shape>): ReadonlyArray<string> =>
  members.map(({ required = [] }) => required[0] ?? "")

/** Members that are distinguished by a key, such as the kinds of a probe. */
const ofVariants = (
  members: ReadonlyArray<Shape>,
  value: object,
  path: Path
): ReadonlyArray<Flaw> => {
  const keys = tellingKeys(members)
  const meant = members.filter((_, index) => Object.hasOwn(value, keys[index] ?? ""))
  const [only, ...others] = meant
  if (only !== undefined && others.length === 0) return findFlaws(only, value, path)
  if (only !== undefined)
    return atValue(path, `give only one of ${keys.join(", ")}`, { anyOf: members })
  const properties = Object.fromEntries(
    members.flatMap((member) => Object.entries(member.properties ?? {}))
  )
  const flaws = findFlaws({ type: "object", properties, additionalProperties: false }, value, path)
  return flaws.length > 0
    ? flaws
    : atValue(path, `give one of ${keys.join(", ")}`, { anyOf: members })
}

/** The members of a union. A union that is a member, as of a field that can be null, is opened. */
const membersOf = (shape: Shape): ReadonlyArray<Shape> =>
  shape.anyOf === undefined ? [shape] : shape.anyOf.flatMap(membersOf)

const ofUnion = (shape: Shape, value: unknown, path: Path): ReadonlyArray<Flaw> => {
  const members = membersOf(shape)
  const fitting = members.filter((member) => kindsOf(member) === kindOf(value))
  const [only, ...others] = fitting
  if (only === undefined) {
    const objects = members.filter(({ type }) => type === "object")
    const wishes = members
      .filter((member) => objects.length < 2 || !objects.includes(member))
      .map((member) => wanted(member, path))
    if (objects.length > 1) wishes.push(`an object with one of ${tellingKeys(objects).join(", ")}`)
    return atValue(
      path,
      `expected ${wishes.join(" or ")}, got ${gotTexts[kindOf(value)] ?? "another value"}`,
      { anyOf: members }
    )
  }
  // In the table, only object members of a union have the same kind.
  return others.length > 0 && Predicate.isObject(value)
    ? ofVariants(fitting, value, path)
    : findFlaws(only, value, path)
}

/** Null if several are equally similar: P3 is not more likely P0 than P1 or P2. */
export const onlyNearest = (word: string, known: ReadonlyArray<string>): string | null => {
  const first = nearest(word, known)
  return first === nearest(word, known.toReversed()) ? first : null
}

const ofLiteral = (shape: Shape, value: unknown, path: Path): ReadonlyArray<Flaw> => {
  const literals = shape.enum ?? []
  if (literals.includes(value)) return []
  const near = typeof value === "string" ? onlyNearest(value, literals.map(String)) : null
  return atValue(
    path,
    `expected ${wanted(shape, path)}${near === null ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
    shape
  )
}

/** The flaws of a value, in the order of its keys; none if the schema accepts it. */
export const findFlaws = (shape: Shape, value: unknown, path: Path): ReadonlyArray<Flaw> => {
  if (shape.anyOf !== undefined) return ofUnion(shape, value, path)
  if (shape.enum !== undefined) return ofLiteral(shape, value, path)
  if (shape.type === undefined) return []
  if (kindsOf(shape) !== kindOf(value)) {
    return atValue(
      path,
      `expected ${wanted(shape, path)}, got ${gotTexts[kindOf(value)] ?? "another value"}`,
      shape
    )
  }
  if (typeof value === "string") return ofString(shape, value, path)
  if (typeof value === "number") return ofNumber(shape, value, path)
  if (Array.isArray(value)) return ofArray(shape, value, path)
  return Predicate.isObject(value) ? ofObject(shape, value, path) : []
}
