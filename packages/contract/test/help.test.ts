import { describe, expect, test } from "bun:test"
import {
  fieldsOf,
  flagTexts,
  helpData,
  helpText,
  operationHelpData,
  operationHelpText
} from "@backbeat/contract/help"
import type { Operation } from "@backbeat/contract/Operation"
import { operationNames } from "@backbeat/contract/names"
import { operations } from "@backbeat/contract/table"

const rows: ReadonlyArray<Operation> = Object.values(operations)
const flags = Object.entries(flagTexts)

describe("help on everything", () => {
  test("lists every operation with its summary, as text and as data", () => {
    const text = helpText("1.2.3")
    for (const { name, summary } of rows)
      expect(text).toMatch(new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, "mu"))
    expect(helpData("1.2.3").operations.map(({ name }) => name)).toEqual([...operationNames])
    expect(text).toStartWith("backbeat 1.2.3: ")
  })

  test("explains every flag", () => {
    const text = helpText("1")
    expect(flags.filter(([, told]) => !text.includes(told))).toEqual([])
    expect(flags.filter(([flag, told]) => !told.startsWith(`--${flag} `))).toEqual([])
  })
})

describe.each(rows)("help on $name", (row) => {
  test("lists each field with its type and a sentence", () => {
    const text = operationHelpText(row)
    for (const { name, type, description, required } of fieldsOf(row)) {
      expect(description).not.toBe("")
      expect(text).toContain(`  ${name} `)
      expect(text).toContain(`${description}${required ? " (required)" : ""}  [${type}]`)
    }
  })

  test("explains the flags that the operation accepts, and no others", () => {
    const text = operationHelpText(row)
    const told = flags.flatMap(([flag, flagText]) => (text.includes(flagText) ? [flag] : []))
    expect(told.toSorted()).toEqual([...row.flags].toSorted())
  })

  test("lists errors and examples, as text and as data", () => {
    const text = operationHelpText(row)
    expect(row.errors.filter((error) => !text.includes(error))).toEqual([])
    expect(
      row.examples.filter(({ title }) => !text.includes(`${title}:  backbeat ${row.name} '`))
    ).toEqual([])
    expect(operationHelpData(row)).toMatchObject({
      operation: row.name,
      summary: row.summary,
      errors: row.errors,
      examples: row.examples
    })
  })
})

describe("a field in help", () => {
  test("has a type that an agent can use", () => {
    const types = Object.fromEntries(
      fieldsOf(operations.start).map(({ name, type }) => [name, type])
    )
    expect(types).toMatchObject({
      command: "string",
      args: "[string]",
      timeout: "integer from 1000 to 86400000",
      priority: "P0|P1|P2",
      stdin: "string or {file}",
      env: "object of string",
      inheritEnv: "boolean",
      tags: "[string]"
    })
  })

  test("is required where the payload must have it", () => {
    expect(
      fieldsOf(operations.send)
        .filter(({ required }) => required)
        .map(({ name }) => name)
    ).toEqual(["id"])
  })
})

describe("the usage of an operation", () => {
  test("shows the plain word that it accepts, and the command of start", () => {
    expect(operationHelpData(operations.status).usage).toBe(
      "backbeat status [payload | <id>] [flags]"
    )
    expect(operationHelpData(operations.list).usage).toBe("backbeat list [payload] [flags]")
    expect(operationHelpData(operations.start).usage).toContain("-- command args...")
  })
})
