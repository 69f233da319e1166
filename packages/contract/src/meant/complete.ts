/** Whether a payload is one that its operation takes, mended where it is nearly one. */
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { type Shape, shapeOf } from "../Shape.ts"
import { takesPayload } from "./holds.ts"
import { mendPayload } from "./mendPayload.ts"

/** The call with the payload that was meant, and what there is to say about it; null where nobody can tell what was meant. */
export const complete = (
  operation: Operation,
  payload: unknown,
  shape: Shape = shapeOf(operation, "input")
): { readonly call: Try; readonly hint: string } | null => {
  const mended = mendPayload(operation, shape, payload)
  if (mended === null || !takesPayload(operation, mended.payload)) return null
  const flags = Object.keys(mended.flags).length > 0 ? { flags: mended.flags } : {}
  return {
    call: { operation: operation.name, payload: mended.payload, ...flags },
    hint: mended.hints.join(" ")
  }
}
