import { describe, expect, test } from "bun:test"
import { readLooseJson } from "@backbeat/contract/meant/looseJson"
import * as fc from "fast-check"

const nearly: ReadonlyArray<readonly [string, unknown, number, string]> = [
  ['{"command":"ls",}', { command: "ls" }, 15, "a comma before }"],
  ["[1,2,]", [1, 2], 4, "a comma before ]"],
  ['{"a":"x" "b":1}', { a: "x", b: 1 }, 9, "a comma is missing"],
  [
    "{id:demo,script:echo a b}",
    { id: "demo", script: "echo a b" },
    1,
    "the key id needs double quotes"
  ],
  ["{'a':'b'}", { a: "b" }, 1, "a string needs double quotes, not single quotes"],
  ['{"a":True}', { a: true }, 5, "True is not JSON: write true"],
  ['{"a":"x\ny"}', { a: "x\ny" }, 7, String.raw`write \n for the control character`],
  [
    '{"a":"C:\\x"}',
    { a: "C:\\x" },
    8,
    String.raw`\x is not an escape sequence of JSON; for a backslash write \\`
  ],
  ['{"a":1, // one\n"b":2}', { a: 1, b: 2 }, 8, "JSON does not allow comments"]
]

const unreadable: ReadonlyArray<readonly [string, number, string]> = [
  ['{"command":"ls', 11, "the string that starts here has no closing quote"],
  ['{"command":"ls"', 15, "} is missing at the end"],
  ['{"a":1}}', 7, "the payload ends here, but more text follows"],
  ['{"a" 1}', 5, 'a colon is missing after the key "a"'],
  ['{"a":}', 5, 'expected a value, got "}"'],
  ["{,}", 1, 'expected a key in double quotes, got ","'],
  ["[".repeat(200), 100, "the payload is nested too deeply"]
]

describe("a text that is nearly JSON", () => {
  test.each(nearly)("%s is parsed, and its first flaw has a position", (text, value, at, what) => {
    expect(readLooseJson(text)).toEqual({ value, flaw: { at, what } })
  })

  test.each(unreadable)("%s is not guessed, and its flaw has a position", (text, at, what) => {
    expect(readLooseJson(text)).toEqual({ value: undefined, flaw: { at, what } })
  })

  test("is parsed like JSON.parse if it is JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readLooseJson(text)).toEqual({ value: JSON.parse(text), flaw: null })
      })
    )
  })

  test("never takes long, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."{}[]:,\"'\\ab1 \n/-") }), (text) => {
        expect(readLooseJson(text)).toHaveProperty("flaw")
      })
    )
    expect(readLooseJson(`{"a":[${"x,".repeat(200_000)}`).flaw).not.toBeNull()
  })
})
