/** Compares two JSON values and lists the differences for people. */
import * as Predicate from "effect/Predicate"

const short = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

const entriesOf = (value: unknown): ReadonlyMap<string, unknown> | null =>
  Predicate.isObject(value) || Array.isArray(value) ? new Map(Object.entries(value)) : null

/** One line for each difference; none if they are equal. */
export const differences = (
  before: unknown,
  after: unknown,
  path: ReadonlyArray<string> = []
): ReadonlyArray<string> => {
  const [was, is] = [entriesOf(before), entriesOf(after)]
  if (was === null || is === null || Array.isArray(before) !== Array.isArray(after)) {
    return Object.is(before, after)
      ? []
      : [`${path.join(".")}: was ${short(before)}, is ${short(after)}`]
  }
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const place = [...path, key]
    if (!is.has(key)) return [`${place.join(".")}: removed ${short(was.get(key))}`]
    if (!was.has(key)) return [`${place.join(".")}: added ${short(is.get(key))}`]
    return differences(was.get(key), is.get(key), place)
  })
}
