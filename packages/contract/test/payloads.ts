/**
 * Generates payloads from a JSON Schema: most values are valid, some are next to a bound, some have
 * another type.
 */
import type { Shape } from "@backbeat/contract/Shape"
import * as fc from "fast-check"

type Values = fc.Arbitrary<unknown>

const oddStrings = [
  "",
  "a",
  "A=B",
  "a\0b",
  "a b",
  "a\n",
  "é",
  "😀",
  "\ud800",
  "_",
  "0",
  "..",
  "null",
  "__proto__",
  "x".repeat(129)
]

const odd: Values = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, "", "a", "1000", [], {}, [[]], { a: 1 }),
  fc.jsonValue({ maxDepth: 2 })
)

const strings = ({ pattern, maxLength = 70 }: Shape): Values =>
  fc.oneof(
    {
      weight: 8,
      arbitrary:
        pattern === undefined
          ? fc.string({ maxLength })
          : fc.stringMatching(new RegExp(pattern, "u"), { maxLength })
    },
    { weight: 1, arbitrary: fc.constantFrom(...oddStrings) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("x", "é", "😀", "\ud800"), fc.constantFrom(-1, 0, 1))
        .map(([letter, more]) => letter.repeat(maxLength + more))
    }
  )

const numbers = ({ type, minimum = -1000, maximum = 1000 }: Shape): Values =>
  fc.oneof(
    {
      weight: 6,
      arbitrary:
        type === "integer"
          ? fc.integer({ min: minimum, max: maximum })
          : fc.double({ min: minimum, max: maximum, noNaN: true })
    },
    { weight: 2, arbitrary: fc.constantFrom(minimum, maximum) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        minimum - 1,
        maximum + 1,
        minimum + 0.5,
        -0,
        1e300,
        -1e300,
        2 ** 53
      )
    }
  )

const arrays = ({ items = {}, maxItems }: Shape): Values => {
  const few = fc.array(valuesOf(items), { maxLength: items.type === "string" ? 4 : 2 })
  if (maxItems === undefined) return few
  const many = fc
    .tuple(valuesOf(items), fc.constantFrom(0, 1))
    .map(([item, more]) => Array.from({ length: maxItems + more }, () => item))
  // A thousand items take as long as all other values together; a few are enough for the bound.
  const fewFor = maxItems > 20 ? 80 : 8
  return fc.oneof({ weight: fewFor, arbitrary: few }, { weight: 1, arbitrary: many })
}

const objects = ({ properties = {}, patternProperties = {}, required = [] }: Shape): Values => {
  const fields = Object.entries(properties).map(([key, shape]) => {
    const present = {
      weight: required.includes(key) ? 20 : 1,
      arbitrary: valuesOf(shape).map((value): ReadonlyArray<readonly [string, unknown]> => [
        [key, value]
      ])
    }
    return fc.oneof(present, { weight: required.includes(key) ? 1 : 4, arbitrary: fc.constant([]) })
  })
  const named = Object.entries(patternProperties).map(([pattern, shape]) =>
    fc.array(
      fc.tuple(fc.stringMatching(new RegExp(pattern, "u"), { maxLength: 12 }), valuesOf(shape)),
      { maxLength: 3 }
    )
  )
  const extra = fc.oneof(
    { weight: 20, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            ...oddStrings,
            ...Object.keys(properties).map((key) => key.toUpperCase())
          ),
          odd
        )
        .map((field) => [field])
    }
  )
  // fromEntries makes `__proto__` an own key, as JSON.parse does.
  return fc.tuple(...fields, ...named, extra).map((parts) => Object.fromEntries(parts.flat()))
}

const fitting = (shape: Shape): Values => {
  if (shape.anyOf !== undefined) return fc.oneof(...shape.anyOf.map(valuesOf))
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum)
  if (shape.type === "string") return strings(shape)
  if (shape.type === "integer" || shape.type === "number") return numbers(shape)
  if (shape.type === "boolean") return fc.boolean()
  if (shape.type === "null") return fc.constant(null)
  if (shape.type === "array") return arrays(shape)
  return shape.type === "object" ? objects(shape) : fc.jsonValue({ maxDepth: 2 })
}

/** Values for a schema: about one of thirty has another type, at every depth. */
export const valuesOf = (shape: Shape): Values =>
  fc.oneof({ weight: 30, arbitrary: fitting(shape) }, { weight: 1, arbitrary: odd })
