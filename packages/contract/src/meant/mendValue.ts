/**
 * Corrects one wrong value of a payload. Invents nothing: what is not in the payload is not
 * corrected.
 */
import * as Predicate from "effect/Predicate"
import { onlyNearest } from "../Flaw.ts"
import type { Shape } from "../Shape.ts"
import { lengthOf, unitOf } from "./units.ts"

/** The intended value, with an optional sentence about it; undefined removes the field. */
export interface Meant {
  readonly value: unknown
  readonly hint?: string
}

const membersOf = (shape: Shape): ReadonlyArray<Shape> => shape.anyOf ?? [shape]

const takes = (shape: Shape, type: string): Shape | undefined =>
  membersOf(shape).find((each) => each.type === type)

/** Splits a text into words like a shell; null if a shell would do more. */
const splitWords = (text: string): ReadonlyArray<string> | null =>
  /["'`$\\|&;<>*?(){}]/u.test(text) ? null : text.split(/\s+/u).filter((word) => word !== "")

const isEntries = (value: unknown): boolean => Predicate.isObject(value) && !Array.isArray(value)

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every(Predicate.isString)

/** Variables in a list, as in `docker -e`. */
const variablesOf = (value: unknown): Readonly<Record<string, string>> | null => {
  const lines = typeof value === "string" ? [value] : value
  if (!isTexts(lines)) return null
  const pairs = lines.map(
    (line) =>
      [line.slice(0, Math.max(0, line.indexOf("="))), line.slice(line.indexOf("=") + 1)] as const
  )
  return pairs.every(([name], index) => name !== "" && (lines[index] ?? "").includes("="))
    ? Object.fromEntries(pairs)
    : null
}

/** Fields that have a short form in other tools. */
const special: Readonly<Record<string, (value: unknown) => Meant | null>> = {
  args: (value) => {
    const words = typeof value === "string" ? splitWords(value) : null
    return words === null
      ? null
      : { value: words, hint: "args is a list with one item for each argument." }
  },
  env: (value) => {
    const variables = variablesOf(value)
    return variables === null
      ? null
      : { value: variables, hint: "env is an object with a name and a string for each variable." }
  },
  restart: (value) => {
    if (typeof value === "number") return { value: { when: "on-failure", maxAttempts: value } }
    if (value === true) return { value: { when: "on-failure" } }
    if (value === false) return { value: undefined }
    return value === "always" || value === "on-failure" || value === "never"
      ? { value: { when: value } }
      : null
  },
  readyWhen: (value) => {
    const [, port] =
      /^(?:tcp:|port:|:|localhost:|127\.0\.0\.1:)?(?:\/\/)?(\d{1,5})$/u.exec(String(value)) ?? []
    if (port !== undefined) return { value: { port: Number(port) } }
    return typeof value === "string" && value !== ""
      ? { value: { log: value }, hint: "A string must be a URL. For a line of the output use log." }
      : null
  },
  successExitCodes: (value) => (typeof value === "number" ? { value: [value] } : null)
}

const numberFor = (shape: Shape, value: unknown, field: string): Meant | null => {
  const minimum = shape.minimum ?? 0
  if (unitOf(field) === "milliseconds") {
    // Only a field without a unit in its name may be in seconds.
    const length = lengthOf(value, field.endsWith("Ms") ? 0 : minimum)
    return length === null
      ? null
      : {
          value: length.ms,
          hint: `${field} is in milliseconds: for ${length.words} write ${length.ms}.`
        }
  }
  return typeof value === "string" && /^-?\d+(?:\.\d+)?$/u.test(value)
    ? { value: Number(value) }
    : null
}

const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ["true", true],
  ["yes", true],
  [1, true],
  ["false", false],
  ["no", false],
  [0, false]
])

/** Words of other tools for the allowed values, and similar words. */
const literalFor = (shape: Shape, value: unknown): Meant | null => {
  const literals = (shape.anyOf?.find((each) => each.enum !== undefined) ?? shape).enum
  const near =
    literals === undefined || typeof value !== "string"
      ? null
      : onlyNearest(value, literals.map(String))
  return near === null ? null : { value: near }
}

const textFor = (value: unknown): Meant | null => {
  if (typeof value === "number" || typeof value === "boolean") return { value: String(value) }
  const [only, ...others] = isTexts(value) ? value : []
  return only !== undefined && others.length === 0 ? { value: only } : null
}

const ofOtherType = (shape: Shape, value: unknown, field: string): Meant | null => {
  const number = takes(shape, "integer") ?? takes(shape, "number")
  if (number !== undefined) return numberFor(number, value, field)
  const truth = takes(shape, "boolean") === undefined ? undefined : truths.get(value)
  if (truth !== undefined) return { value: truth }
  if (takes(shape, "array") !== undefined && (typeof value === "string" || isEntries(value)))
    return { value: [value] }
  return takes(shape, "string") === undefined ? null : textFor(value)
}

/** The value that was meant by a rejected one; null if it is not clear. */
export const mendValue = (shape: Shape, value: unknown, field: string): Meant | null => {
  if (value === null) return { value: undefined }
  const form = Object.hasOwn(special, field) ? special[field] : undefined
  return form === undefined ? ofPlainField(shape, value, field) : form(value)
}

const ofPlainField = (shape: Shape, value: unknown, field: string): Meant | null =>
  literalFor(shape, value) ?? ofOtherType(shape, value, field)
