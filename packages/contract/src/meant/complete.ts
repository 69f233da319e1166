/** Finds the valid payload that a caller meant, correcting one that is nearly valid. */
import * as Predicate from "effect/Predicate"
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { type Shape, shapeOf } from "../Shape.ts"
import type { Sentence } from "../Text.ts"
import { takesPayload } from "./holds.ts"
import { mendPayload } from "./mendPayload.ts"

/** If an operation has no field for several ids, an array contains them. */
const asItems = ({ batch, positional }: Operation, shape: Shape, payload: unknown): unknown => {
  if (!batch || positional !== "id" || Object.hasOwn(shape.properties ?? {}, "ids")) return payload
  if (!Predicate.isObject(payload) || !("ids" in payload) || "id" in payload) return payload
  const { ids, ...rest } = payload
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every(Predicate.isString)) return payload
  return ids.map((id) => (Object.keys(rest).length === 0 ? id : { id, ...rest }))
}

const mend = (operation: Operation, shape: Shape, payload: unknown) => {
  const items = asItems(operation, shape, payload)
  return Array.isArray(items) && items !== payload
    ? { payload: items, flags: {}, hints: [`${operation.name} takes an array of ids.`] }
    : mendPayload(operation, shape, payload)
}

/**
 * The call with the intended payload, and a sentence about it; null if the intention is not clear.
 */
export const complete = (
  operation: Operation,
  payload: unknown,
  shape: Shape = shapeOf(operation, "input")
): { readonly call: Try; readonly hint: ReadonlyArray<Sentence> } | null => {
  const mended = mend(operation, shape, payload)
  if (mended === null || !takesPayload(operation, mended.payload)) return null
  const flags = Object.keys(mended.flags).length > 0 ? { flags: mended.flags } : {}
  return {
    call: { operation: operation.name, payload: mended.payload, ...flags },
    hint: mended.hints
  }
}
