import { describe, expect, test } from "bun:test"
import { nearest } from "@backbeat/contract/nearest"
import { operationNames } from "@backbeat/contract/names"
import * as fc from "fast-check"

const fields = [
  "id",
  "command",
  "args",
  "cwd",
  "timeout",
  "delayMs",
  "maxOutputBytes",
  "tag",
  "tags"
]

describe("the nearest word", () => {
  test.each([
    ["comand", "command"],
    ["commnad", "command"],
    ["idd", "id"],
    ["ID", "id"],
    ["delay_ms", "delayMs"],
    ["delayms", "delayMs"],
    ["max-output-bytes", "maxOutputBytes"],
    ["timeoutMs", "timeout"],
    ["tgas", "tags"]
  ])("to %s is %s", (word, expected) => {
    expect(nearest(word, fields)).toBe(expected)
  })

  test.each([
    ["satrt", "start"],
    ["stauts", "status"],
    ["schema-list", "schema list"],
    ["capabilites", "capabilities"],
    ["restat", "restart"]
  ])("to the operation %s is %s", (word, expected) => {
    expect(nearest(word, operationNames)).toBe(expected)
  })

  test.each(["", "x", "of", "show", "prompt", "zzzzzzzzzzzz", "x".repeat(100_000)])(
    "is none when nothing is near %s",
    (word) => {
      expect(nearest(word, ["id", "command", "stop", "list"])).toBeNull()
    }
  )

  test("is the first of several equally similar ones", () => {
    expect(nearest("tagx", ["tags", "tagy"])).toBe("tags")
    expect(nearest("tagx", ["tagy", "tags"])).toBe("tagy")
  })

  test("is null without known words", () => {
    expect(nearest("id", [])).toBeNull()
  })

  test("to a known word is that word, whatever the others are", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...operationNames),
        fc.shuffledSubarray([...operationNames]),
        (word, others) => nearest(word, [...others, word]) === word
      )
    )
  })
})
