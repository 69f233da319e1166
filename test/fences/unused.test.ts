// Plants what nobody uses, and expects knip to name it.
import { describe, expect, test } from "bun:test"
import { runIn, scratchTree } from "./Plant.ts"

const plants = [
  {
    path: "packages/core/src/task/planted.ts",
    code: "export const planted = 1;\nexport const unusedPlant = 2;\n"
  },
  { path: "packages/core/src/task/orphan.ts", code: "export const orphanPlant = 1;\n" },
  {
    path: "packages/contract/src/unlisted.ts",
    code: 'import { leftPad } from "left-pad-planted";\nimport { planted } from "@backbeat/core/task/planted";\nexport const listed = leftPad(planted);\n'
  },
  {
    path: "packages/contract/test/unlisted.test.ts",
    code: 'import { listed } from "../src/unlisted.ts";\nconsole.log(listed);\n'
  }
]

describe("the search for unused code", () => {
  using tree = scratchTree(plants)
  const { exitCode, output } = runIn(tree.path, "node_modules/knip/bin/knip.js", [
    "--reporter",
    "compact"
  ])

  test("fails", () => {
    expect(exitCode).not.toBe(0)
  })

  test("names an export of a room that no file imports, although the manifest exports every file", () => {
    expect(output).toMatch(/packages\/core\/src\/task\/planted\.ts: unusedPlant\n/u)
    expect(output).toMatch(/packages\/core\/src\/task\/orphan\.ts: orphanPlant\n/u)
  })

  test("names a package that no manifest lists", () => {
    expect(output).toMatch(/packages\/contract\/src\/unlisted\.ts: left-pad-planted\n/u)
  })

  test("names a dependency that no file imports", () => {
    expect(output).toMatch(/packages\/store\/package\.json: .*@backbeat\/core/u)
  })

  test("leaves alone what is imported across rooms", () => {
    expect(output).not.toMatch(/: (?:planted|listed)\b/u)
  })
})
