import { describe, expect, test } from "bun:test"
import { PendingText } from "../../src/text/PendingText.ts"

const readPieces = (pieces: ReadonlyArray<string>): ReadonlyArray<string> => {
  const pending = new PendingText()
  return [...pieces.flatMap((piece) => pending.add(piece)), ...pending.flush(), ...pending.flush()]
}

describe("a text in pieces", () => {
  test("is passed on in whole lines, and its end once", () => {
    expect(readPieces(["a", "b\nc", "", "\n\nd"])).toEqual(["ab", "c", "", "d"])
    expect(readPieces(["a\n"])).toEqual(["a"])
  })

  test("without a newline is cut at the same places however it arrives", () => {
    const text = "x".repeat(200_000)
    const whole = readPieces([text])
    expect(whole.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 3392])
    expect(readPieces(text.match(/.{1,777}/gu) ?? [])).toEqual(whole)
  })
})
