import { describe, expect, test } from "bun:test"
import { callLine, errorLine } from "../../src/reading/callLine.ts"

describe("a call of a tool in one line", () => {
  test("says what tells most of it", () => {
    expect(callLine("Bash", { description: "Runs the tests", command: "npm test" })).toBe(
      "> Bash: npm test"
    )
    expect(callLine("Edit", { old_string: "a", file_path: "src/a.ts" })).toBe("> Edit: src/a.ts")
    expect(callLine("ask", { depth: 3, topic: "birds" })).toBe("> ask: birds")
    expect(callLine("list", { depth: 3 })).toBe("> list")
    expect(callLine("list", undefined)).toBe("> list")
  })

  test("stays one line of bounded length", () => {
    expect(callLine("Bash", { command: "cat <<E\na\n\n  b\nE" })).toBe("> Bash: cat <<E a b E")
    expect(callLine("Bash", { command: "y".repeat(10_000) })).toHaveLength(208)
  })

  test("says of an error what is inside its JSON", () => {
    expect(errorLine('[{"error":{"code":429,"message":"Too\\nmany"}}]')).toBe("! 429 Too many")
  })
})
