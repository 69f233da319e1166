import { describe, expect, test } from "bun:test"
import { markdownTable } from "@backbeat/core/markdown"

describe("a table in Markdown", () => {
  test("has a head, a separator and a line for each row", () => {
    expect(
      markdownTable(
        ["a", "b"],
        [
          ["1", "2"],
          ["3", "4"]
        ]
      )
    ).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |")
  })

  test("keeps a cell with a bar in one piece", () => {
    expect(markdownTable(["a"], [["x|y"]])).toContain(String.raw`| x\|y |`)
  })
})
