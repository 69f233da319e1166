/** MCP, where a call is a call of a tool: one of its own, or RunOperation with the operation and its payload. */
import { findOperation } from "../table.ts"
import type { Surface } from "./Surface.ts"

const written = (operation: string, payload: unknown, tool?: string): string =>
  tool === undefined
    ? `RunOperation ${JSON.stringify({ operation, ...(payload === undefined ? {} : { payload }) })}`
    : `${tool} ${JSON.stringify(payload)}`

const call = (operation: string, payload: unknown): string | null => {
  const offered = findOperation(operation)?.mcp
  if (offered === undefined) return null
  const { tool } = offered
  return payload === undefined && tool !== undefined ? tool : written(operation, payload, tool)
}

/** Flags that are fields of tools. */
const fields: ReadonlyArray<string> = ["wait"]

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
    const next = suggestion === undefined ? null : call(suggestion.operation, suggestion.payload)
    return next === null ? "Correct the call as the message says." : `Call ${next}.`
  }
}
