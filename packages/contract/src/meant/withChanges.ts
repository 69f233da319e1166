/** Applies the changes of a problem to a payload. */
import * as Predicate from "effect/Predicate"
import type { Change } from "../Problem.ts"

const keysOf = (path: string): ReadonlyArray<string | number> =>
  path
    .split(/[.[\]]+/u)
    .flatMap((key) => (key === "" ? [] : [/^\d+$/u.test(key) ? Number(key) : key]))

const setAt = (
  value: unknown,
  [key, ...rest]: ReadonlyArray<string | number>,
  to: unknown
): unknown => {
  if (key === undefined) return to
  if (Array.isArray(value))
    return value.map((each: unknown, index) => (index === key ? setAt(each, rest, to) : each))
  const entries = Object.entries(Predicate.isObject(value) ? value : {})
  const name = String(key)
  const old = entries.find(([each]) => each === name)?.[1]
  const next = setAt(old, rest, to)
  const others = entries.filter(([each]) => each !== name)
  return Object.fromEntries(next === undefined ? others : [...others, [name, next]])
}

/** A copy of a payload with the new value at each path; undefined removes it. */
export const withChanges = (payload: unknown, changes: ReadonlyArray<Change>): unknown =>
  changes.reduce<unknown>(
    (changed, { path, value }) => setAt(changed, keysOf(path), value),
    payload
  )
