import { describe, expect, test } from "bun:test"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { asJson, lenient, parseJson } from "../../src/text/lenient.ts"

describe("a lenient field", () => {
  test("is null if it is missing or of another type, and the other fields are read", () => {
    const part = Schema.Struct({ name: Schema.String })
    const decode = Schema.decodeUnknownOption(
      Schema.Struct({ type: Schema.tag("a"), count: lenient(Schema.Finite), part: lenient(part) })
    )
    const read = (value: unknown) => Option.getOrNull(decode(value))
    const whole = { type: "a", count: 1, part: { name: "n" } } as const
    expect(read({ ...whole, more: 1 })).toEqual(whole)
    expect(read({ type: "a", count: "1", part: { name: 1 } })).toEqual({
      type: "a",
      count: null,
      part: null
    })
    expect(read({ type: "a", part: null })).toEqual({ type: "a", count: null, part: null })
    expect(read({ type: "b", count: 1 })).toBeNull()
  })
})

describe("a JSON value", () => {
  test("is kept if it can be encoded", () => {
    expect(asJson(parseJson('{"a":[1,null,"x"]}'))).toEqual({ a: [1, null, "x"] })
    expect(asJson(parseJson("1e999"))).toBeNull()
    expect(asJson(parseJson(`${"[".repeat(50_000)}${"]".repeat(50_000)}`))).toBeNull()
    expect(asJson(parseJson("{"))).toBeNull()
  })
})
