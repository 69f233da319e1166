/** Cuts an event to the facts that say something. Pure: the whole frame goes in. */
import * as Predicate from "effect/Predicate"
import { cutText, isPresent } from "./cutTask.ts"
import { resultMaxCharacters } from "./LeanTask.ts"

/** These are a task's own data: in them null is an answer. */
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

/** An event without what is null or empty, its long texts cut. */
export const cutFrame = <F extends { readonly data: Readonly<Record<string, unknown>> }>(
  frame: F
): F => ({ ...frame, data: cutFacts(frame.data) })
