import { describe, expect, test } from "bun:test"
import { visible, visibleLine, withoutEscapes } from "../../src/text/visible.ts"

describe("a text as a reader sees it", () => {
  test.each([
    ["plain, 20 °C, 日本", "plain, 20 °C, 日本"],
    ["\u001B[32mdone\u001B[0m\nspin |\rready", "done\nready"],
    ["\u009B31mX\u009D0;title\u0007Y", "XY"],
    ["\u001B]8;;http://x\u001B\\link\u001B]8;;\u0007", "link"],
    ["\u001B]0;a title that does not end\nthe next line", "\nthe next line"],
    ["\u001B(Bcharset, \u001B7save, end\u001B", "charset, save, end"],
    ["\u001BPq\u001B[31m\u001B\\x", "x"],
    ["windows\r\nline\r", "windows\nline"],
    ["a\0b", "a\uFFFDb"]
  ])("of %j is %j", (given, seen) => expect(visible(given)).toBe(seen))

  test("keeps overwritten text if only escape sequences are removed", () =>
    expect(withoutEscapes("a\r\u001B[2Kb")).toBe("a\rb"))

  test("has no byte order mark as one line", () => expect(visibleLine("\uFEFF{}")).toBe("{}"))
})
