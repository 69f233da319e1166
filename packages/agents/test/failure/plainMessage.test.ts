import { describe, expect, test } from "bun:test"
import { plainMessage, plainStderr } from "../../src/failure/plainMessage.ts"

describe("a message", () => {
  test("loses the JSON and the colours around it", () => {
    expect(
      plainMessage('[API Error: {"error":{"code":401,"message":"The key is not valid."}}]')
    ).toBe("401 The key is not valid.")
    expect(plainMessage('API Error: [{\n"error": {"code": "x", "message": "No."}}]')).toBe("No.")
    expect(plainMessage("\u001B[91m\u001B[1mError: \u001B[0mSession not found")).toBe(
      "Error: Session not found"
    )
  })

  test("is unchanged if it only looks like JSON", () => {
    for (const text of ["{", "} {", 'see {"a": 1}', "[]", '{"error":"no"}'])
      expect(plainMessage(text)).toBe(text)
  })
})

describe("a standard error", () => {
  test("loses stack traces and the lines that agents always write", () => {
    const stderr = [
      "Warning: 256-color support not detected. Using a terminal",
      "Error when talking to the API",
      "    at async Turn.run (/usr/lib/x.js:1:2) {",
      "  status: 401",
      "}",
      "Stack backtrace:",
      "   0: <unknown>"
    ].join("\n")
    expect(plainStderr(stderr)).toBe("Error when talking to the API")
  })
})
