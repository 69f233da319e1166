/** What of the data of an answer the caller sees: all of it with `full`, else what the table's cut leaves. */
import { present } from "@backbeat/contract/cutTask"
import type { Operation } from "@backbeat/contract/Operation"
import * as Predicate from "effect/Predicate"
import type { Call } from "../call/Call.ts"

/** Whether a payload asks for every field. */
export const isFull = (payload: unknown): boolean =>
  Predicate.hasProperty(payload, "full") && payload.full === true

/** The data as it is shown. Text for people is made from all of it. */
export const shown = (
  { cut, waits = false }: Operation,
  data: unknown,
  payload: unknown,
  { caller, flags }: Call
): unknown => {
  if (cut === undefined || isFull(payload) || !Predicate.isObject(data)) return data
  return cut.of(data, {
    cwd: caller.cwd,
    pid: caller.pid,
    ...present({ sessionId: caller.sessionId }),
    waited: waits || flags.wait === true
  })
}
