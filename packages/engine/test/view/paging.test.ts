/** How an inexact count is shown. */
import { expect, test } from "bun:test"
import { totalOf } from "../../src/view/paging.ts"

test("a count is exact up to 10,000, and has `more` above", () => {
  expect(totalOf({ total: 10_000 })).toEqual({ total: 10_000 })
  expect(totalOf({ total: 10_001 })).toEqual({ total: 10_000, more: true })
})
