/**
 * MCP, in which a call is a call of a tool: its own tool, or RunOperation with operation and
 * payload.
 */
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { shapeOf } from "../Shape.ts"
import { findOperation } from "../table.ts"
import type { Surface } from "./Surface.ts"
import * as Predicate from "effect/Predicate"

const written = (operation: string, payload: unknown, tool?: string): string =>
  tool === undefined
    ? `RunOperation ${JSON.stringify({ operation, ...(payload === undefined ? {} : { payload }) })}`
    : `${tool} ${JSON.stringify(payload)}`

/** Tools take objects, so the ids of an array become the field `ids`. Null for any other array. */
const argumentsOf = (row: Operation, payload: unknown): unknown => {
  if (!Array.isArray(payload)) return payload
  const takesIds = Object.hasOwn(shapeOf(row, "input").properties ?? {}, "ids")
  return takesIds && payload.every(Predicate.isString) ? { ids: payload } : null
}

const call = (operation: string, payload: unknown): string | null => {
  const row = findOperation(operation)
  if (row?.mcp === undefined) return null
  const { tool } = row.mcp
  if (payload === undefined) return tool ?? written(operation, payload)
  const given = argumentsOf(row, payload)
  return given === null ? null : written(operation, given, tool)
}

/** Flags that are fields of tools. */
const fields: ReadonlyArray<string> = ["wait"]

/** A call with the flags that are fields of tools. */
const suggested = ({ operation, payload, flags = {} }: Try): string | null => {
  const given = Object.entries(flags).filter(([name]) => fields.includes(name))
  return call(
    operation,
    given.length > 0 && Predicate.isObject(payload) && !Array.isArray(payload)
      ? { ...payload, ...Object.fromEntries(given) }
      : payload
  )
}

/** Writes for MCP. */
export const tools: Surface = {
  name: "mcp",
  call,
  example: (operation, payload) => written(operation, payload, findOperation(operation)?.mcp?.tool),
  flag: ({ name, value }) =>
    fields.includes(name) ? `"${name}": ${JSON.stringify(value ?? true)}` : null,
  listing: (operation) => {
    const shows =
      operation === null ? call("capabilities", {}) : call("examples show", { operation })
    return `${shows} shows ${operation === null ? "the operations" : "payloads that work"}.`
  },
  fallback: (suggestion) => {
    const next = suggestion === undefined ? null : suggested(suggestion)
    return next === null ? "Correct the call as the message says." : `Call ${next}.`
  }
}
