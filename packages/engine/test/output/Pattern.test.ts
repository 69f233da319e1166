/** The errors of invalid patterns. */
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { compilePattern, tooSlow } from "../../src/output/Pattern.ts"

describe("an invalid pattern", () => {
  test("is reported as invalid when it does not compile, and as slow when it does", () => {
    const wrong = compilePattern("(")
    if (Result.isSuccess(wrong)) throw new Error("it compiles")
    expect(wrong.failure.hint).toBe("Use the JavaScript syntax for regular expressions.")
    expect(tooSlow("(x+)+y").hint).toContain("too slow")
  })
})
