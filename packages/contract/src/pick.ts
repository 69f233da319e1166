/**
 * Selects one value of an answer by a path such as `task.id`, `tasks.0.status`, or for every task
 * `tasks.id`.
 */
import { atFlag, commandInputError, type Problem } from "./Problem.ts"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

/** How many names a hint lists. */
const namedAtMost = 40

const isIndex = (key: string): boolean => /^\d+$/u.test(key)

/**
 * The values at a key; none if there is no such key. A name on a list selects that field of each
 * item.
 */
const below = (value: unknown, key: string): ReadonlyArray<unknown> => {
  if (Array.isArray(value)) {
    const items: ReadonlyArray<unknown> = value
    if (isIndex(key)) return items.slice(Number(key), Number(key) + 1)
    const found = items.flatMap((item) => below(item, key))
    return found.length === 0 && items.length > 0 ? [] : [found]
  }
  return Predicate.isObject(value) && Object.hasOwn(value, key)
    ? [Object.entries(value).find(([name]) => name === key)?.[1]]
    : []
}

const namesIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) {
    const [first]: ReadonlyArray<unknown> = value
    return first === undefined ? [] : namesIn(first)
  }
  return Predicate.isObject(value) ? Object.keys(value) : []
}

const absent = (
  operation: string,
  path: string,
  there: { readonly at: string; readonly value: unknown }
): Problem => {
  const known = namesIn(there.value).slice(0, namedAtMost)
  const where = there.at === "" ? "The answer" : there.at
  const told = commandInputError(
    `${operation} was done, but its answer has no ${path}`,
    known.length === 0 ? `${where} has no fields.` : `${where} has ${known.join(", ")}.`,
    { path, done: true }
  )
  return atFlag("get", told)
}

/**
 * The value at a dotted path. Fails with CommandInputError, which says that the call itself was
 * done.
 */
export const pick = (
  operation: string,
  data: unknown,
  path: string
): Result.Result<unknown, Problem> => {
  let there = { at: "", value: data }
  for (const key of path.split(".")) {
    const found = below(there.value, key)
    if (found.length === 0) return Result.fail(absent(operation, path, there))
    there = { at: there.at === "" ? key : `${there.at}.${key}`, value: found[0] }
  }
  return Result.succeed(there.value)
}

const lineOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value)

/** A value as text: a list with one item per line, a text without quotes. */
export const pickedText = (value: unknown): string =>
  Array.isArray(value) ? value.map(lineOf).join("\n") : lineOf(value)
