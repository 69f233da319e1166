/** Lets a test read single fields of whole tasks: asks for `full` wherever an operation knows it, unless the payload says something of it. */
import type { Operation } from "@backbeat/contract/Operation"
import { shapeOf } from "@backbeat/contract/Shape"
import { operations } from "@backbeat/contract/table"
import * as Predicate from "effect/Predicate"

const rows = new Map<string, Operation>(Object.entries(operations))
const knowing = new Set(
  [...rows]
    .filter(([, row]) => Object.hasOwn(shapeOf(row, "input").properties ?? {}, "full"))
    .map(([name]) => name)
)

/** The payload, with `full`. */
export const withFull = (operation: string, payload: unknown): unknown => {
  if (!knowing.has(operation)) return payload
  if (Array.isArray(payload))
    return payload.map((item) =>
      withFull(operation, typeof item === "string" ? { id: item } : item)
    )
  return Predicate.isObject(payload) ? { full: true, ...payload } : payload
}

/** Flags with which the data comes in the answer, however large, and not in a file. `logs` has its own way with what is large. */
export const inlineFlags = (
  operation: string,
  flags: ReadonlyArray<string>
): ReadonlyArray<string> =>
  operation !== "logs" &&
  rows.get(operation)?.flags.includes("output") === true &&
  !flags.some((flag) => flag.startsWith("--output"))
    ? ["--output", "inline"]
    : []
