import { acquireHomeLock as acquireIn } from "@backbeat/engine/life/acquireHomeLock"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let root: string
const acquireHomeLock = (home: string) =>
  acquireIn(home, {
    environment: {},
    userFolder: () => null,
    hasOurTables: () => Promise.resolve(null)
  })

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), "lock-")), "home")
})
afterEach(() => rmSync(join(root, ".."), { recursive: true, force: true }))

describe("the home lock", () => {
  test("has one owner until it is released", async () => {
    const first = await acquireHomeLock(root)
    expect(first?.isOwned()).toBe(true)
    expect(await acquireHomeLock(root)).toBeNull()
    first?.release()
    const second = await acquireHomeLock(root)
    expect(second?.isOwned()).toBe(true)
    second?.release()
  })

  test("is no longer owned after the home was removed", async () => {
    const first = await acquireHomeLock(root)
    rmSync(root, { recursive: true })
    expect(first?.isOwned()).toBe(false)
    first?.release()
  })

  test("is owned only by the new engine after the home was recreated", async () => {
    const first = await acquireHomeLock(root)
    rmSync(root, { recursive: true })
    const second = await acquireHomeLock(root)
    expect([first?.isOwned(), second?.isOwned()]).toEqual([false, true])
    first?.release()
    expect(second?.isOwned()).toBe(true)
    expect(await acquireHomeLock(root)).toBeNull()
    second?.release()
    expect(existsSync(join(root, "engine.lock"))).toBe(true)
  })

  test("calls its owner back once when it was removed", async () => {
    const first = await acquireHomeLock(root)
    let times = 0
    await new Promise<void>((resolve) => {
      first?.onLost(() => {
        times++
        resolve()
      })
      rmSync(root, { recursive: true })
    })
    expect(times).toBe(1)
    first?.release()
  })

  test("stays lost after it was missing once, even if the home comes back", async () => {
    const first = await acquireHomeLock(root)
    renameSync(root, `${root}.away`)
    expect([first?.isOwned(), first?.isSameHome()]).toEqual([false, false])
    renameSync(`${root}.away`, root)
    expect([first?.isOwned(), first?.isSameHome()]).toEqual([false, false])
    first?.release()
  })

  test("can be removed alone; the home is still the same", async () => {
    const first = await acquireHomeLock(root)
    rmSync(join(root, "engine.lock"))
    expect([first?.isOwned(), first?.isSameHome()]).toEqual([false, true])
    first?.release()
  })
})
