/** Rules for the rows of the table that no type expresses. */
import { describe, expect, test } from "bun:test"
import { isOperationName, operationNames } from "@backbeat/contract/names"
import type { Operation } from "@backbeat/contract/Operation"
import { operations } from "@backbeat/contract/table"

const rows: ReadonlyArray<Operation> = Object.values(operations)

describe("the rows of the table", () => {
  test("are the operations that the thin entry knows, in the same order", () => {
    expect(rows.map(({ name }) => name)).toEqual([...operationNames])
  })

  test("name other operations only if they exist", () => {
    const named = rows.flatMap(({ bare, wraps }) =>
      [bare, wraps].filter((name) => name !== undefined)
    )
    expect(named).not.toBeEmpty()
    expect(named.filter((name) => !isOperationName(name))).toEqual([])
  })

  test("allow the page to read a stream of events, and to send everything else as a body", () => {
    const streamed = rows.filter(({ web }) => web === "GET")
    expect(streamed.map(({ name }) => name)).toEqual(["events"])
    expect(streamed.every(({ flags, readOnly }) => flags.includes("stream") && readOnly)).toBe(true)
    const refused = rows.filter(({ web }) => web === undefined).map(({ name }) => name)
    expect(refused.toSorted()).toEqual([
      "capabilities",
      "config path",
      "engine stop",
      "examples list",
      "examples show",
      "init",
      "schema list",
      "schema show",
      "serve",
      "service install",
      "service status",
      "service uninstall"
    ])
  })

  test("do not allow a session to change the machine for others by MCP", () => {
    const refused = rows.filter(({ mcp }) => mcp === undefined).map(({ name }) => name)
    expect(refused.toSorted()).toEqual([
      "config path",
      "config reset",
      "config set",
      "config show",
      "engine stop",
      "init",
      "queue set",
      "serve",
      "service install",
      "service status",
      "service uninstall"
    ])
  })

  test("have a tool of their own at most once, named by a verb and a noun", () => {
    const tools = rows.flatMap(({ mcp }) => mcp?.tool ?? [])
    expect(tools).toHaveLength(new Set(tools).size)
    expect(tools.filter((tool) => !/^(?:[A-Z][a-z]+){2,3}$/u.test(tool))).toEqual([])
  })
})
