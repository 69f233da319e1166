import { describe, expect, test } from "bun:test"
import { OutputFile, ReadAhead } from "../../src/output/OutputFile.ts"
import { lineText, visibleText } from "../../src/output/Line.ts"
import { AttemptRig } from "./AttemptRig.ts"

function shown(content: string | readonly number[], ansi = false): string {
  return visibleText(
    typeof content === "string" ? Buffer.from(content) : Uint8Array.from(content),
    ansi
  )
}

function lineOf(content: string | Uint8Array): string | undefined {
  using rig = new AttemptRig()
  rig.append("stdout", content)
  const file = new OutputFile(rig.dir, "stdout")
  const text = lineText(new ReadAhead(file), { start: 0, end: file.end, next: file.end }, false)
  file.close()
  return text
}

describe("the text of a line", () => {
  test.each([
    ["plain", "plain"],
    ["", ""],
    ["windows\r", "windows"],
    ["10%\r50%\r100%", "100%"],
    ["10%\r50%\r", "50%"],
    ["10%\r\u001B[K20%\r\r", "20%"],
    ["\u001B[1;31mred\u001B[0m and \u001B]8;;http://x\u0007link\u001B]8;;\u0007", "red and link"],
    ["\u009B31mX and \u009D0;title\u0007Y, \u0090q\u009CZ\u0085", "X and Y, Z"],
    ["20 °C\u00A0is mild", "20 °C\u00A0is mild"],
    ["a\0b", "a\uFFFDb"],
    ["grüße 日本 🎉", "grüße 日本 🎉"]
  ])("of %j is %j", (bytes, text) => expect(shown(bytes)).toBe(text))

  test("has U+FFFD for bytes that are not UTF-8", () =>
    expect(shown([0x61, 0xff, 0xe2, 0x82, 0x62])).toBe("a\uFFFD\uFFFDb"))

  test("keeps escape sequences when asked to", () =>
    expect(shown("\u001B[31mred\u001B[0m", true)).toBe("\u001B[31mred\u001B[0m"))

  test("is complete up to 64 KiB, and cut with a mark above", () => {
    expect(lineOf("x".repeat(65_536))).toBe("x".repeat(65_536))
    expect(lineOf("x".repeat(65_537))).toBe(
      `${"x".repeat(65_536)}… [line cut: 65536 of 65537 bytes shown]`
    )
  })

  test("is cut between characters", () => {
    expect(lineOf(`x${"é".repeat(40_000)}`)).toBe(
      `x${"é".repeat(32_767)}… [line cut: 65536 of 80001 bytes shown]`
    )
    expect(lineOf(`xx${"é".repeat(40_000)}`)).toStartWith(`xx${"é".repeat(32_767)}… `)
    expect(lineOf(`x${"🎉".repeat(20_000)}`)).toStartWith(`x${"🎉".repeat(16_383)}… `)
  })

  test("of a progress bar of megabytes is its last state", () => {
    const states = Array.from({ length: 300_000 }, (_, index) => `step ${index}`).join("\r")
    expect(lineOf(states)).toBe("step 299999")
    expect(lineOf(`${states}\r\r`)).toBe("step 299999")
  })
})
