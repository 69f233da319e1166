// The printed pages and sources are what the code prints.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stalePages, writePages } from "../scripts/docs.ts"
import { root } from "../scripts/workspace.ts"

describe("the printed pages", () => {
  let scratch = ""
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "backbeat-docs-"))
  })
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true })
  })

  test("are current; `bun run docs` writes them", async () => {
    expect(await stalePages(root)).toEqual([])
  })

  test("are stale when they are missing, and when somebody has edited one", async () => {
    expect(await stalePages(scratch)).toEqual([
      "docs/lifecycle.md",
      "docs/contract.md",
      "packages/contract/src/printedRows.ts"
    ])
    await writePages(scratch)
    expect(await stalePages(scratch)).toEqual([])
    appendFileSync(join(scratch, "docs/contract.md"), "more\n")
    expect(await stalePages(scratch)).toEqual(["docs/contract.md"])
  })
})
