/** Removes fields without information from an event. Pure; the input is the complete frame. */
import * as Predicate from "effect/Predicate"
import { cutText, isPresent } from "./cutTask.ts"
import { resultMaxCharacters } from "./LeanTask.ts"

/** Data of a task, in which null is information. */
const verbatim: ReadonlyArray<string> = ["structured"]

const cutFact = (value: unknown): unknown => {
  if (typeof value === "string") return cutText(value, resultMaxCharacters)
  return Predicate.isObject(value) && !Array.isArray(value) ? cutFacts(value) : value
}

const cutFacts = (facts: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => isPresent(value))
      .map(([key, value]: [string, unknown]) => [
        key,
        verbatim.includes(key) ? value : cutFact(value)
      ])
  )

/** An event without null and empty fields, and with long texts cut. */
export const cutFrame = <F extends { readonly data: Readonly<Record<string, unknown>> }>(
  frame: F
): F => ({ ...frame, data: cutFacts(frame.data) })
