import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { makeFlusher } from "../../src/sqlite/flush.ts"

/** A disk that forces when the test says so. */
const makeDisk = () => {
  const syncs: Array<{
    readonly path: string
    readonly done: () => void
    readonly refuse: (cause: Error) => void
  }> = []
  const sync = (path: string): Promise<void> =>
    new Promise((resolve, reject) => syncs.push({ path, done: resolve, refuse: reject }))
  return { syncs, sync }
}

/** Lets everything that is ready go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe("a flush", () => {
  test("is not needed before the first commit", async () => {
    const { syncs, sync } = makeDisk()
    await Effect.runPromise(makeFlusher("db", sync).flushed)
    expect(syncs).toEqual([])
  })

  test("forces the write-ahead log once for all commits made before it", async () => {
    const { syncs, sync } = makeDisk()
    const flusher = makeFlusher("db", sync)
    flusher.committed()
    flusher.committed()
    const both = [Effect.runPromise(flusher.flushed), Effect.runPromise(flusher.flushed)]
    expect(syncs.map(({ path }) => path)).toEqual(["db-wal"])
    syncs[0]?.done()
    await Promise.all(both)
    await Effect.runPromise(flusher.flushed)
    expect(syncs).toHaveLength(1)
  })

  test("does not stand for a commit that was made while it was under way", async () => {
    const { syncs, sync } = makeDisk()
    const flusher = makeFlusher("db", sync)
    flusher.committed()
    const first = Effect.runPromise(flusher.flushed)
    flusher.committed()
    let told = false
    const second = Effect.runPromise(flusher.flushed).then(() => (told = true))
    syncs[0]?.done()
    await first
    await settle()
    expect([told, syncs.length]).toEqual([false, 2])
    syncs[1]?.done()
    await second
    expect(told).toBe(true)
  })

  test("that the disk refuses is told, and the next one tries again", async () => {
    const { syncs, sync } = makeDisk()
    const flusher = makeFlusher("db", sync)
    flusher.committed()
    const refused = Effect.runPromise(Effect.flip(flusher.flushed))
    syncs[0]?.refuse(new Error("EIO"))
    expect(await refused).toMatchObject({ _tag: "StoreError", reason: "unavailable" })
    const next = Effect.runPromise(flusher.flushed)
    syncs[1]?.done()
    await next
  })
})
