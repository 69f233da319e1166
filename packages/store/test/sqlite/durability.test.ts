import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { creation, life } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"

let scratch: ScratchDatabase
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => {
  scratch.remove()
})

/**
 * Runs the committing program until it has printed `count` ids, kills it, and returns everything it
 * printed.
 */
const announcedBeforeKill = async (
  prefix: string,
  count: number
): Promise<ReadonlyArray<string>> => {
  const program = Bun.spawn(
    [process.execPath, join(import.meta.dir, "commitForever.ts"), scratch.path, prefix],
    {
      stdout: "pipe",
      stderr: "inherit"
    }
  )
  let text = ""
  const decoder = new TextDecoder()
  for await (const chunk of program.stdout) {
    text += decoder.decode(chunk, { stream: true })
    if (text.split("\n").length > count) program.kill("SIGKILL")
  }
  await program.exited
  return text.split("\n").slice(0, -1)
}

describe("a writer that is killed", () => {
  test("has stored every id that it printed, and no half transaction", async () => {
    for (const [prefix, count] of [
      ["a", 1],
      ["b", 40],
      ["c", 15]
    ] as const) {
      const announced = await announcedBeforeKill(prefix, count)
      expect(announced.length).toBeGreaterThanOrEqual(count)
      await scratch.use((store) =>
        Effect.gen(function* () {
          for (const id of announced)
            expect(yield* store.find(id)).toEqual(
              life(id, { spec: { tags: [prefix] } }).at(-1)?.task ?? null
            )
          const { total } = yield* store.list({}, { limit: 1 })
          expect((yield* store.counts).completed).toBe(total)
          const events = yield* store.events({ since: 0, limit: 99_999 })
          expect(events.map(({ sequence }) => sequence)).toEqual(
            events.map((_, index) => index + 1)
          )
          expect([events.length, yield* store.lastSequence]).toEqual([3 * total, 3 * total])
          expect(yield* store.check).toMatchObject({ ok: true })
        })
      )
    }
  })

  test("during a transaction with a rollback journal is recovered before the file is checked", async () => {
    await scratch.use((store) => store.record([creation("a")]))
    const killed = Bun.spawnSync([
      process.execPath,
      join(import.meta.dir, "crashMidWrite.ts"),
      scratch.path
    ])
    expect(killed.signalCode).toBe("SIGKILL")
    expect(Object.keys(scratch.files())).toContain("backbeat.db-journal")
    await scratch.use((store) =>
      Effect.gen(function* () {
        expect((yield* store.find("a"))?.id).toBe("a")
        expect(yield* store.check).toMatchObject({ ok: true })
      })
    )
  })
})

describe("a store that is closed", () => {
  test("has everything when it is opened again", async () => {
    const recorded = await scratch.use((store) =>
      store.record(life("a", { spec: { tags: ["t"] } }))
    )
    await scratch.use((store) =>
      Effect.gen(function* () {
        expect(yield* store.events({ since: 0, limit: 9 })).toEqual(recorded)
        expect((yield* store.list({ tags: ["t"] }, { limit: 9 })).total).toBe(1)
        expect((yield* store.record([creation("b")]))[0]?.sequence).toBe(4)
      })
    )
  })
})
