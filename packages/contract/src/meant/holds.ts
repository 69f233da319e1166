/** Checks whether a suggested call would be accepted, as far as payload and flags show it. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Flags } from "../Call.ts"
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { findOperation } from "../table.ts"
import { fitsTogether } from "./fitsTogether.ts"

const decodes = ({ input }: Operation, payload: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(input, { onExcessProperty: "error" })(payload))

/** A plain word in an array means the same as alone. */
const itemsOf = ({ batch, positional }: Operation, payload: unknown): ReadonlyArray<unknown> =>
  batch && Array.isArray(payload)
    ? payload.map((item: unknown) =>
        positional !== null && typeof item === "string" ? { [positional]: item } : item
      )
    : [payload]

/** Whether a nested payload is valid for its operation. */
const holdsWithin = ({ wraps }: Operation, payload: unknown): boolean => {
  if (wraps === undefined || !Predicate.isObject(payload) || !("payload" in payload)) return true
  const operation = "operation" in payload ? String(payload.operation) : wraps
  return holds({ operation, payload: payload.payload })
}

const flagsHold = (row: Operation, flags: NonNullable<Try["flags"]>): boolean => {
  const { home: _, ...others } = flags
  const known: ReadonlyArray<string> = [...row.flags, "get", "human"]
  return (
    Object.keys(others).every((name) => known.includes(name)) &&
    Result.isSuccess(Schema.decodeUnknownResult(Flags)(others)) &&
    (others["exit-status"] !== true || others["wait"] === true || row.waits === true)
  )
}

const payloadHolds = (row: Operation, payload: unknown, flags: NonNullable<Try["flags"]>) =>
  itemsOf(row, payload).every(
    (item) => decodes(row, item) && fitsTogether(row.name, item, flags) && holdsWithin(row, item)
  )

/** Whether an operation accepts a payload with the flags that it may need. */
export const takesPayload = (row: Operation, payload: unknown): boolean =>
  payloadHolds(row, payload, { stream: true })

/**
 * Whether the operation accepts the payload and the flags. Does not check whether the tasks exist.
 */
export const holds = ({ operation, payload, flags = {} }: Try): boolean => {
  const row = findOperation(operation)
  return row !== null && flagsHold(row, flags) && payloadHolds(row, payload, flags)
}

/** Removes a suggestion that would be rejected itself. */
export const withoutVain = <Told extends { readonly try?: Try }>(
  told: Told
): Told | Omit<Told, "try"> => {
  if (told.try === undefined || holds(told.try)) return told
  const { try: _, ...rest } = told
  return rest
}
