/** How a count that is not exact is shown. */
import { expect, test } from "bun:test"
import { countOf } from "../../src/view/counted.ts"

test("a count is exact up to 10,000, and says more beyond", () => {
  expect(countOf({ total: 10_000 })).toEqual({ total: 10_000 })
  expect(countOf({ total: 10_001 })).toEqual({ total: 10_000, more: true })
})
