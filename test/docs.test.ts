// The printed pages under docs/ are what the code prints.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { docs, stalePages, writePages } from "../scripts/docs.ts"

describe("the printed pages", () => {
  let scratch = ""
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "backbeat-docs-"))
  })
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true })
  })

  test("in docs/ are current; `bun run docs` writes them", async () => {
    expect(await stalePages(docs)).toEqual([])
  })

  test("are stale when they are missing, and when somebody has edited one", async () => {
    expect(await stalePages(scratch)).toEqual(["lifecycle.md", "contract.md"])
    await writePages(scratch)
    expect(await stalePages(scratch)).toEqual([])
    appendFileSync(join(scratch, "contract.md"), "more\n")
    expect(await stalePages(scratch)).toEqual(["contract.md"])
  })
})
