// The published surface: whatever a caller can see of the contract, kept in surface.json so that a change is seen in review.
import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "@backbeat/contract/Envelope"
import { protocolVersion } from "@backbeat/contract/discovery"
import { jsonSchema } from "@backbeat/contract/jsonSchema"
import type { Operation } from "@backbeat/contract/Operation"
import { problemTypes } from "@backbeat/contract/Problem"
import { operations } from "@backbeat/contract/table"
import { LeanBriefTask, LeanTask } from "@backbeat/contract/LeanTask"
import { BriefTask, TaskAnswer } from "@backbeat/contract/TaskAnswer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { differences } from "./differences.ts"

const path = join(import.meta.dir, "surface.json")
const rows: ReadonlyArray<Operation> = Object.values(operations)

/** Shapes that many operations share; written once. */
const shared = { LeanBriefTask, LeanTask, BriefTask, TaskAnswer }
const shapes = Object.entries(shared).map(([name, schema]) => {
  const { schema: shape } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "ignore" })
  return { name, shape, text: JSON.stringify(shape) }
})

/** A copy with names in place of shared shapes, except the shape itself. */
const folded = (value: unknown, own?: object): unknown => {
  const text = JSON.stringify(value)
  const known = shapes.find((each) => each.shape !== own && each.text === text)
  if (known !== undefined) return { shape: known.name }
  if (Array.isArray(value)) return value.map((each) => folded(each))
  return Predicate.isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, folded(each)]))
    : value
}

const surface = {
  protocolVersion,
  exitCodes,
  problems: problemTypes,
  shapes: Object.fromEntries(shapes.map(({ name, shape }) => [name, folded(shape, shape)])),
  operations: Object.fromEntries(
    rows.map((row) => [
      row.name,
      {
        flags: row.flags,
        errors: row.errors,
        batch: row.batch,
        readOnly: row.readOnly,
        positional: row.positional,
        input: folded(jsonSchema(row, "input")),
        output: folded(jsonSchema(row, "output"))
      }
    ])
  )
}

/** Every schema in a value, including the value itself. */
const within = (value: unknown): ReadonlyArray<object> => {
  if (Array.isArray(value)) return value.flatMap(within)
  return Predicate.isObject(value) ? [value, ...Object.values(value).flatMap(within)] : []
}

describe("the published surface", () => {
  test("is the one in surface.json", () => {
    if (process.env["BACKBEAT_UPDATE_SURFACE"] === "1")
      writeFileSync(path, `${JSON.stringify(surface, null, 1)}\n`)
    const published: unknown = JSON.parse(readFileSync(path, "utf8"))
    const changes = differences(published, JSON.parse(JSON.stringify(surface)))
    if (changes.length > 0) {
      throw new Error(
        [
          `The surface differs from the published one in ${changes.length} places:`,
          ...changes.slice(0, 40).map((change) => `  ${change}`),
          "What is taken away or narrowed breaks callers. When the change is meant, write it down:",
          "  BACKBEAT_UPDATE_SURFACE=1 bun test ./packages/contract/test/surface.test.ts"
        ].join("\n")
      )
    }
    expect(changes).toEqual([])
  })

  test("rejects unknown keys in every payload", () => {
    const open = rows.filter((row) => jsonSchema(row, "input")["additionalProperties"] !== false)
    expect(open.map(({ name }) => name)).toEqual([])
  })

  // Messages, help and documents follow no references: a schema with an identifier would become
  // one.
  test("contains every schema without references", () => {
    const schemas = rows.flatMap((row) => [jsonSchema(row, "input"), jsonSchema(row, "output")])
    expect(
      within(schemas).filter((schema) => "$ref" in schema || "$defs" in schema || "allOf" in schema)
    ).toEqual([])
  })

  test("allows only finite numbers in answers", () => {
    expect(JSON.stringify(surface)).not.toMatch(/NaN|Infinity/u)
  })
})

describe("the differences of two surfaces", () => {
  test("have their path, the old and the new value", () => {
    const before = { a: { b: [1, 2], c: "x", d: true }, e: 1 }
    const after = { a: { b: [1, 3, 4], c: "x" }, e: { f: 1 } }
    expect(differences(before, after)).toEqual([
      "a.b.1: was 2, is 3",
      "a.b.2: added 4",
      "a.d: removed true",
      'e: was 1, is {"f":1}'
    ])
  })

  test("are none for equal ones, whatever the order of their keys", () => {
    expect(differences({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toEqual([])
  })

  test("show long values shortened", () => {
    expect(differences({}, { a: "x".repeat(500) })[0]?.length).toBeLessThan(130)
  })
})
