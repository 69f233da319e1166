/** What is said of a pattern that cannot be used. */
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { compilePattern, tooSlow } from "../../src/output/Pattern.ts"

describe("a pattern that cannot be used", () => {
  test("is called wrong when it does not compile, and slow when it does", () => {
    const wrong = compilePattern("(")
    if (Result.isSuccess(wrong)) throw new Error("it compiles")
    expect(wrong.failure.hint).toBe("Use the JavaScript syntax for regular expressions.")
    expect(tooSlow("(x+)+y").hint).toContain("too slow")
  })
})
