/** In what one specification differs from another. */
import type { TaskSpec, Work } from "./TaskSpec.ts"

/** What a caller calls the fields of a specification that have another name there. */
const callersNames: Readonly<Record<string, string>> = { envKeys: "env" }

/** What no payload says: it comes from the call, or from what ran before. */
const unsaid: ReadonlySet<string> = new Set([
  "umask",
  "processLimits",
  "session",
  "timeoutFrom",
  "maxOutputBytesFrom"
])

const fieldsOf = (work: Work): Readonly<Record<string, unknown>> => {
  const { kind: _, ...fields } = work
  return fields
}

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

const differing = (
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>
): ReadonlyArray<string> =>
  Object.keys(other).filter((key) => !unsaid.has(key) && !isSame(one[key], other[key]))

/** The fields in which the second differs from the first, as a payload of `start` names them. */
export const changedFields = (first: TaskSpec, second: TaskSpec): ReadonlyArray<string> => {
  const { work: oneWork, ...one } = first
  const { work: otherWork, ...other } = second
  const inWork =
    oneWork.kind === otherWork.kind
      ? differing(fieldsOf(oneWork), fieldsOf(otherWork))
      : [otherWork.kind]
  return [
    ...inWork.map((name) => (name === "after" ? "continueFrom" : name)),
    ...differing(one, other).map((name) => callersNames[name] ?? name)
  ]
}
