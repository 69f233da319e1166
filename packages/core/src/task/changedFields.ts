/** The differences between two specifications. */
import type { TaskSpec, Work } from "./TaskSpec.ts"

/** The names in a payload of fields that have another name in a specification. */
const payloadNames: Readonly<Record<string, string>> = { envKeys: "env" }

/** Fields that no payload sets: they come from the call, or from the earlier task. */
const derived: ReadonlySet<string> = new Set([
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
  Object.keys(other).filter((key) => !derived.has(key) && !isSame(one[key], other[key]))

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
    ...differing(one, other).map((name) => payloadNames[name] ?? name)
  ]
}
