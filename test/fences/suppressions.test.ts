// A rule that is switched off says why on the same line.
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { runIn, scratchTree } from "./Plant.ts"

// Joined here, because the check reads this file too.
const off = ["oxlint", "disable"].join("-")

const judge = (comment: string) => {
  using tree = scratchTree([
    { path: "packages/core/src/planted.ts", code: `export const planted = 1;\n${comment}\n` }
  ])
  return runIn(tree.path, "scripts/suppressions.ts", [
    join(tree.path, "packages/core/src/planted.ts")
  ])
}

describe("a comment that switches a rule off", () => {
  test("is accepted for the next line with its reason", () => {
    expect(judge(`// ${off}-next-line complexity -- one case for each event`)).toEqual({
      exitCode: 0,
      output: ""
    })
  })

  test("is refused without a reason", () => {
    const { exitCode, output } = judge(`// ${off}-next-line complexity`)
    expect(exitCode).toBe(1)
    expect(output).toMatch(/planted\.ts:2: gives no reason/u)
  })

  test("is refused without a reason when it stands in the name of eslint, or behind code", () => {
    expect(
      judge(`export const other = 2; // ${off.replace("oxlint", "eslint")}-line complexity --`)
        .exitCode
    ).toBe(1)
    expect(judge(`/* ${off}-next-line complexity */`).exitCode).toBe(1)
  })

  test("is refused for a whole file, with or without a reason", () => {
    const { exitCode, output } = judge(`/* ${off} complexity -- because */`)
    expect(exitCode).toBe(1)
    expect(output).toMatch(/planted\.ts:2: switches a rule off for the rest of the file/u)
  })
})
