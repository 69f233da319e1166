/**
 * Selects the data that the caller sees: all of it with `full`, otherwise what the table's cut
 * leaves.
 */
import type { Operation } from "@backbeat/contract/Operation"
import * as Predicate from "effect/Predicate"
import { type Call, readingOf } from "../call/Call.ts"

/** Whether a payload asks for every field. */
export const isFull = (payload: unknown): boolean =>
  Predicate.hasProperty(payload, "full") && payload.full === true

/** The data as it is shown. Text for people is made from all of it. */
export const shown = (
  { cut, waits = false }: Operation,
  data: unknown,
  payload: unknown,
  call: Call
): unknown =>
  cut === undefined || isFull(payload) || !Predicate.isObject(data)
    ? data
    : cut.of(data, readingOf(call, waits || call.flags.wait === true))
