import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defaults } from "../../src/configuration/configuration.ts"
import { keyNames } from "../../src/configuration/resolve.ts"

const text = readFileSync(join(import.meta.dir, "../../../../docs/configuration.md"), "utf8")

/** A default as the document shows it. */
const shown = (value: unknown): string => {
  if (value === null) return "none"
  return typeof value === "number"
    ? String(value)
    : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``
}

test("docs/configuration.md has every key with its default", () => {
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | "))
  const documented = new Map(
    rows.map(([key = "", value = ""]) => [key.replaceAll(/[|` ]/gu, ""), value])
  )
  const expected = Object.entries(defaults).map(([key, value]) => [key, shown(value)])
  expect(expected.map(([key]) => key)).toEqual([...keyNames])
  expect(expected.map(([key = ""]) => [key, documented.get(key)])).toEqual(expected)
})
