import { dropCodePages } from "@backbeat/engine/life/dropCodePages"
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"

/** The resident bytes of mapped files of this process. */
const mappedBytes = (): number =>
  Number(/^RssFile:\s+(\d+) kB$/mu.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024

if (process.platform === "linux") {
  test("the program's code is dropped from memory, and loaded again when it runs", () => {
    const before = mappedBytes()
    dropCodePages()
    const after = mappedBytes()
    expect(before - after).toBeGreaterThan(5_000_000)
    expect(JSON.parse(JSON.stringify({ sum: [3, 1, 2].toSorted().join("+") }))).toEqual({
      sum: "1+2+3"
    })
    expect(new Bun.CryptoHasher("sha256").update("x").digest("hex")).toStartWith("2d711642")
  })
} else {
  test("nothing happens on systems without a list of mappings", () => {
    expect(dropCodePages).not.toThrow()
  })
}
