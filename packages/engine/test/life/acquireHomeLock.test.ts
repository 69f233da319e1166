import { acquireHomeLock as electIn } from "@backbeat/engine/life/acquireHomeLock"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let root: string
const acquireHomeLock = (home: string) =>
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
    const first = await acquireHomeLock(root)
    expect(first?.isHeld()).toBe(true)
    expect(await acquireHomeLock(root)).toBeNull()
    first?.release()
    const second = await acquireHomeLock(root)
    expect(second?.isHeld()).toBe(true)
    second?.release()
  })

  test("does not count any more when the home was removed", async () => {
    const first = await acquireHomeLock(root)
    rmSync(root, { recursive: true })
    expect(first?.isHeld()).toBe(false)
    first?.release()
  })

  test("counts for the newer one alone when the home was made anew", async () => {
    const first = await acquireHomeLock(root)
    rmSync(root, { recursive: true })
    const second = await acquireHomeLock(root)
    expect([first?.isHeld(), second?.isHeld()]).toEqual([false, true])
    first?.release()
    expect(second?.isHeld()).toBe(true)
    expect(await acquireHomeLock(root)).toBeNull()
    second?.release()
    expect(existsSync(join(root, "engine.lock"))).toBe(true)
  })

  test("tells its holder, once, that it was removed", async () => {
    const first = await acquireHomeLock(root)
    let times = 0
    await new Promise<void>((resolve) => {
      first?.guard(() => {
        times++
        resolve()
      })
      rmSync(root, { recursive: true })
    })
    expect(times).toBe(1)
    first?.release()
  })

  test("is lost for good when it was missed once, though the home comes back", async () => {
    const first = await acquireHomeLock(root)
    renameSync(root, `${root}.away`)
    expect([first?.isHeld(), first?.isSameHome()]).toEqual([false, false])
    renameSync(`${root}.away`, root)
    expect([first?.isHeld(), first?.isSameHome()]).toEqual([false, false])
    first?.release()
  })

  test("can be removed alone, and the home is still the same", async () => {
    const first = await acquireHomeLock(root)
    rmSync(join(root, "engine.lock"))
    expect([first?.isHeld(), first?.isSameHome()]).toEqual([false, true])
    first?.release()
  })
})
