import { elect as electIn } from "@backbeat/engine/life/election"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let root: string
const elect = (home: string) =>
  electIn(home, {
    environment: {},
    userFolder: () => null,
    hasOurTables: () => Promise.resolve(null)
  })

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), "election-")), "home")
})
afterEach(() => rmSync(join(root, ".."), { recursive: true, force: true }))

describe("the lock of a home", () => {
  test("is had by one, until that one resigns", async () => {
    const first = await elect(root)
    expect(first?.isHeld()).toBe(true)
    expect(await elect(root)).toBeNull()
    first?.resign()
    const second = await elect(root)
    expect(second?.isHeld()).toBe(true)
    second?.resign()
  })

  test("does not count any more when the home was removed", async () => {
    const first = await elect(root)
    rmSync(root, { recursive: true })
    expect(first?.isHeld()).toBe(false)
    first?.resign()
  })

  test("counts for the newer one alone when the home was made anew", async () => {
    const first = await elect(root)
    rmSync(root, { recursive: true })
    const second = await elect(root)
    expect([first?.isHeld(), second?.isHeld()]).toEqual([false, true])
    first?.resign()
    expect(second?.isHeld()).toBe(true)
    expect(await elect(root)).toBeNull()
    second?.resign()
    expect(existsSync(join(root, "engine.lock"))).toBe(true)
  })

  test("tells its holder, once, that it was removed", async () => {
    const first = await elect(root)
    let times = 0
    await new Promise<void>((resolve) => {
      first?.guard(() => {
        times++
        resolve()
      })
      rmSync(root, { recursive: true })
    })
    expect(times).toBe(1)
    first?.resign()
  })

  test("is lost for good when it was missed once, though the home comes back", async () => {
    const first = await elect(root)
    renameSync(root, `${root}.away`)
    expect([first?.isHeld(), first?.hasHome()]).toEqual([false, false])
    renameSync(`${root}.away`, root)
    expect([first?.isHeld(), first?.hasHome()]).toEqual([false, false])
    first?.resign()
  })

  test("can be removed alone, and the home is still the same", async () => {
    const first = await elect(root)
    rmSync(join(root, "engine.lock"))
    expect([first?.isHeld(), first?.hasHome()]).toEqual([false, true])
    first?.resign()
  })
})
