import { describe, expect, test } from "bun:test"
import { boundsOf, type Shape, shapeOf, typeText } from "@backbeat/contract/Shape"
import { operations } from "@backbeat/contract/table"

const objectOf = (...required: ReadonlyArray<string>): Shape => ({
  type: "object",
  properties: Object.fromEntries([...required, "more"].map((key) => [key, { type: "string" }])),
  required
})

describe("the type of a value in words", () => {
  test.each([
    [{}, "any"],
    [{ type: "boolean" }, "boolean"],
    [{ type: "integer", minimum: 1, maximum: 500 }, "integer from 1 to 500"],
    [{ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, "integer of at least 0"],
    [
      { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      "integer"
    ],
    [{ type: "string", enum: ["all", "any"] }, "all|any"],
    [{ type: "array", items: { type: "string" } }, "[string]"],
    [{ type: "array" }, "array"],
    [{ type: "object" }, "object"],
    [{ type: "object", patternProperties: { "^a": { type: "string" } } }, "object of string"],
    [objectOf("a"), "{a, more}"],
    [{ anyOf: [{ type: "string" }, { type: "string" }, { type: "null" }] }, "string or null"],
    [{ anyOf: [{ type: "string" }, objectOf("a")] }, "string or {a, more}"],
    [{ anyOf: [objectOf("a"), objectOf("b")] }, "{a, …} or {b, …}"]
  ] satisfies ReadonlyArray<readonly [Shape, string]>)("of %p is %s", (shape, text) => {
    expect(typeText(shape)).toBe(text)
  })

  test("is the name of a shape that has one, at every depth", () => {
    const named = objectOf("a")
    expect(
      typeText({ type: "array", items: { anyOf: [named, { type: "null" }] } }, (shape) =>
        shape === named ? "Thing" : null
      )
    ).toBe("[Thing or null]")
  })
})

describe("the bounds of a number", () => {
  test("are shown if the schema has any", () => {
    expect(boundsOf({ minimum: 1, maximum: 2 })).toBe(" from 1 to 2")
    expect(boundsOf({})).toBe("")
  })
})

describe("the shape of an operation", () => {
  test("is its JSON Schema", () => {
    expect(shapeOf(operations.status, "input")).toMatchObject({
      type: "object",
      required: ["id"],
      additionalProperties: false
    })
    expect(Object.keys(shapeOf(operations.status, "output").properties ?? {})).toEqual([
      "task",
      "checkpoint",
      "pipeline",
      "tasks",
      "pipelines",
      "loop",
      "loops",
      "errors"
    ])
  })
})
