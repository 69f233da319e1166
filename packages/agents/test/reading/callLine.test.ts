import { describe, expect, test } from "bun:test"
import { callLine, errorLine } from "../../src/reading/callLine.ts"

describe("a tool call in one line", () => {
  test("has its most specific argument", () => {
    expect(callLine("Bash", { description: "Runs the tests", command: "npm test" })).toBe(
      "> Bash: npm test"
    )
    expect(callLine("Edit", { old_string: "a", file_path: "src/a.ts" })).toBe("> Edit: src/a.ts")
    expect(callLine("ask", { depth: 3, topic: "birds" })).toBe("> ask: birds")
    expect(callLine("list", { depth: 3 })).toBe("> list")
    expect(callLine("list", undefined)).toBe("> list")
  })

  test("is one line of limited length", () => {
    expect(callLine("Bash", { command: "cat <<E\na\n\n  b\nE" })).toBe("> Bash: cat <<E a b E")
    expect(callLine("Bash", { command: "y".repeat(10_000) })).toHaveLength(208)
  })

  test("shows an error without the JSON around it", () => {
    expect(errorLine('[{"error":{"code":429,"message":"Too\\nmany"}}]')).toBe("! 429 Too many")
  })
})
