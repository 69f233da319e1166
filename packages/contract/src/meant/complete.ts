/** Whether a payload is one that its operation takes, mended where it is nearly one. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { type Shape, shapeOf } from "../Shape.ts"
import { mendPayload } from "./mendPayload.ts"

const accepts = (operation: Operation, payload: unknown): boolean =>
  Result.isSuccess(
    Schema.decodeUnknownResult(operation.input, { onExcessProperty: "error" })(payload)
  )

const given = (payload: object, keys: ReadonlyArray<string>): number =>
  keys.filter((key) => key in payload).length

/** What an operation needs that no schema says: exactly one of these fields. */
const oneOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  start: ["command", "script", "prompt"],
  "pipeline create": ["steps", "tasks"],
  wait: ["id", "ids", "tag", "pipelineId", "mine"],
  stop: ["id", "ids", "tag", "mine"],
  restart: ["id", "ids", "tag"]
}

const isWhole = ({ name }: Operation, payload: unknown): boolean => {
  const keys = Object.hasOwn(oneOf, name) ? oneOf[name] : undefined
  return keys === undefined || (Predicate.isObject(payload) && given(payload, keys) === 1)
}

/** The call with the payload that was meant, and what there is to say about it; null where nobody can tell what was meant. */
export const complete = (
  operation: Operation,
  payload: unknown,
  shape: Shape = shapeOf(operation, "input")
): { readonly call: Try; readonly hint: string } | null => {
  const mended = mendPayload(operation, shape, payload)
  if (mended === null || !isWhole(operation, mended.payload) || !accepts(operation, mended.payload))
    return null
  const flags = Object.keys(mended.flags).length > 0 ? { flags: mended.flags } : {}
  return {
    call: { operation: operation.name, payload: mended.payload, ...flags },
    hint: mended.hints.join(" ")
  }
}
