import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { keepBeginning, keepEnd, oneLine } from "../../src/text/keepEnd.ts"

const texts = fc.string({ unit: "grapheme", minLength: 40, maxLength: 400 })
const bounds = fc.integer({ min: 64, max: 400 })

describe("a bounded text", () => {
  test("is the text itself when it fits", () => {
    expect(keepEnd("äöü", 6)).toBe("äöü")
    expect(keepBeginning("äöü", 6)).toBe("äöü")
  })

  test("never exceeds its maximum and is cut between characters", () => {
    fc.assert(
      fc.property(texts, bounds, (text, maxBytes) => {
        const end = keepEnd(text, maxBytes)
        const beginning = keepBeginning(text, maxBytes)
        expect(Buffer.byteLength(end)).toBeLessThanOrEqual(maxBytes)
        expect(Buffer.byteLength(beginning)).toBeLessThanOrEqual(maxBytes)
        expect(text.endsWith(end.replace(/^\[\d+ bytes before this are left out\]\n/u, ""))).toBe(
          true
        )
        expect(text.startsWith(beginning.replace(/…$/u, ""))).toBe(true)
      })
    )
  })

  test("says how much of its beginning is missing", () => {
    expect(keepEnd(`${"x".repeat(100)}end`, 50)).toBe(
      `[90 bytes before this are left out]\n${"x".repeat(10)}end`
    )
  })

  test("is one line if requested", () => {
    expect(oneLine("  a\n\n b\tc ", 10)).toBe("a b c")
    expect(oneLine("abcdefghijk", 10)).toBe("abcdefghi…")
  })
})
