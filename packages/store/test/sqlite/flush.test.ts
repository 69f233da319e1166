import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { makeFlusher } from "../../src/sqlite/flush.ts"

/** A disk that flushes when the test says so. */
const makeDisk = () => {
  const syncs: Array<{
    readonly path: string
    readonly done: () => void
    readonly fail: (cause: Error) => void
  }> = []
  const sync = (path: string): Promise<void> =>
    new Promise((resolve, reject) => syncs.push({ path, done: resolve, fail: reject }))
  return { syncs, sync }
}

/** Lets all pending callbacks run. */
const runPending = () => new Promise((resolve) => setImmediate(resolve))

describe("a flush", () => {
  test("is not needed before the first commit", async () => {
    const { syncs, sync } = makeDisk()
    await Effect.runPromise(makeFlusher("db", sync).flushed)
    expect(syncs).toEqual([])
  })

  test("flushes the write-ahead log once for all earlier commits", async () => {
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

  test("does not include a commit that was made during it", async () => {
    const { syncs, sync } = makeDisk()
    const flusher = makeFlusher("db", sync)
    flusher.committed()
    const first = Effect.runPromise(flusher.flushed)
    flusher.committed()
    let isFlushed = false
    const second = Effect.runPromise(flusher.flushed).then(() => (isFlushed = true))
    syncs[0]?.done()
    await first
    await runPending()
    expect([isFlushed, syncs.length]).toEqual([false, 2])
    syncs[1]?.done()
    await second
    expect(isFlushed).toBe(true)
  })

  test("fails if the disk reports an error, and the next one tries again", async () => {
    const { syncs, sync } = makeDisk()
    const flusher = makeFlusher("db", sync)
    flusher.committed()
    const failed = Effect.runPromise(Effect.flip(flusher.flushed))
    syncs[0]?.fail(new Error("EIO"))
    expect(await failed).toMatchObject({ _tag: "StoreError", reason: "unavailable" })
    const next = Effect.runPromise(flusher.flushed)
    syncs[1]?.done()
    await next
  })
})
