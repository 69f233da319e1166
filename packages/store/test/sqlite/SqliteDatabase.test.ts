import { wholeStore } from "../wholeStore.ts"
import { Database } from "bun:sqlite"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { chmodSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { SqlDatabase } from "@backbeat/store/sql/SqlDatabase"
import { layerDatabase } from "@backbeat/store/sqlite/SqliteDatabase"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { creation, life } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"

let scratch: ScratchDatabase
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => {
  chmodSync(scratch.folder, 0o700)
  scratch.remove()
})

const fill = () =>
  scratch.use((store) =>
    store.record(Array.from({ length: 60 }, (_, index) => life(`t${index}`)).flat())
  )

/** Leaves the database as a killed writer does: with content that is only in the WAL. */
const leaveInWal = (statement: string) => {
  const db = new Database(scratch.path)
  db.run(statement)
  const left = scratch.files()
  db.close()
  for (const [name, content] of Object.entries(left))
    writeFileSync(join(scratch.folder, name), Buffer.from(content, "base64"))
  expect(left["backbeat.db-wal"]?.length).toBeGreaterThan(0)
}

/** Expects that the database is refused as damaged, with the detail, and that no byte of it changes. */
const untouched = async (detail: RegExp) => {
  const before = scratch.files()
  const refusal = await scratch.refusal()
  expect(refusal.reason).toBe("damaged")
  expect(refusal.message).toMatch(detail)
  expect(refusal.message).toContain(scratch.path)
  expect(scratch.files()).toEqual(before)
}

/** The pages at which these tables begin. */
const rootPages = (...tables: ReadonlyArray<string>): ReadonlyArray<number> => {
  const db = new Database(scratch.path, { readonly: true })
  const rows = db.query<{ rootpage: number }, Array<string>>(
    `SELECT rootpage FROM sqlite_master WHERE name IN (${tables.map(() => "?").join(", ")})`
  )
  const pages = rows.all(...tables).map(({ rootpage }) => rootpage)
  db.close()
  return pages
}

/** Runs the body without the rights of root, to whom nothing is read-only. */
const asNobody = async <A>(body: () => Promise<A>): Promise<A> => {
  if (process.getuid?.() !== 0) return body()
  process.seteuid?.(65_534)
  try {
    return await body()
  } finally {
    process.seteuid?.(0)
  }
}

describe("a new database", () => {
  test("is for its owner alone, with all the files beside it", () =>
    scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.record([creation("a")])
        for (const suffix of ["", "-wal", "-shm"]) {
          expect([suffix, (statSync(`${scratch.path}${suffix}`).mode & 0o777).toString(8)]).toEqual(
            [suffix, "600"]
          )
        }
        expect(process.umask()).not.toBe(0o077)
      })
    ))

  test("writes ahead, and leaves forcing to the disk to the flusher", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { sql } = yield* SqlDatabase
        const pragma = (name: string) =>
          Effect.map(sql`PRAGMA ${sql.literal(name)}`.values, ([row]) => row?.[0])
        expect(yield* pragma("synchronous")).toBe(1)
        expect(yield* pragma("journal_mode")).toBe("wal")
        expect(yield* pragma("foreign_keys")).toBe(1)
      }).pipe(Effect.provide(layerDatabase({ path: scratch.path })))
    ))

  test("that closes while somebody waits for a commit to be kept has kept it", () =>
    scratch
      .use((store) => Effect.as(store.transact(store.record([creation("a")])), store))
      .then((store) => Effect.runPromise(store.flushed)))

  test("in a folder that is missing is refused with the folder's name", async () => {
    const refusal = await scratch.refusal(join(scratch.folder, "none", "backbeat.db"))
    expect(refusal).toMatchObject({ _tag: "StoreError", reason: "unavailable" })
    expect(refusal.message).toContain(join(scratch.folder, "none"))
  })

  test("in the place of a folder is refused", async () => {
    expect(await scratch.refusal(scratch.folder)).toMatchObject({ reason: "unavailable" })
  })
})

describe("a damaged database", () => {
  test("that is no database is refused and left as it is", async () => {
    writeFileSync(scratch.path, "precious notes, no database\n".repeat(500))
    await untouched(/not a database/)
  })

  test("with a broken schema is refused and left as it is, with what is only in its WAL", async () => {
    await fill()
    leaveInWal("UPDATE event_counter SET last_sequence = 500")
    scratch.damage(100, new Uint8Array(3000).fill(0xee))
    await untouched(/malformed/)
  })

  test("that was emptied beside its WAL is refused and left as it is", async () => {
    await fill()
    leaveInWal("CREATE TABLE more (a)")
    truncateSync(scratch.path, 0)
    await untouched(/empty/)
  })

  test("of another program is refused and left as it is", async () => {
    scratch.alter("CREATE TABLE theirs (a)", "INSERT INTO theirs VALUES (1)")
    await untouched(/not backbeat's/)
  })

  test("is reported when the broken pages are read, and by the check", async () => {
    await fill()
    for (const page of rootPages("task_specs", "events"))
      scratch.damage(4096 * (page - 1), new Uint8Array(4096).fill(0xee))
    await scratch.use((store) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(store.find("t7"))).toMatchObject({
          _tag: "StoreError",
          reason: "damaged"
        })
        expect(yield* store.check).toMatchObject({
          ok: false,
          message: expect.stringContaining(scratch.path)
        })
      })
    )
  })

  test("names the task whose document is broken, and answers for the others", async () => {
    await fill()
    scratch.alter(`UPDATE tasks SET state = '{"status":"dreaming"}' WHERE id = 't7'`)
    scratch.alter(
      "UPDATE task_specs SET spec = 'no JSON' WHERE task_seq = (SELECT seq FROM tasks WHERE id = 't8')"
    )
    await scratch.use((store) =>
      Effect.gen(function* () {
        for (const id of ["t7", "t8"]) {
          const failure = yield* Effect.flip(store.find(id))
          expect(failure.reason).toBe("damaged")
          expect(failure.message).toContain(`task ${id}:`)
        }
        expect((yield* Effect.flip(store.list({}, { limit: 99 }))).reason).toBe("damaged")
        expect((yield* store.find("t9"))?.id).toBe("t9")
      })
    )
  })

  test("names the event whose document is broken", async () => {
    await fill()
    scratch.alter(`UPDATE events SET event = '{}' WHERE sequence = 5`)
    await scratch.use((store) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(store.events({ since: 0, limit: 9 }))
        expect([failure.reason, failure.message]).toEqual([
          "damaged",
          expect.stringContaining("event 5:")
        ])
      })
    )
  })

  test("that misses a table says so", async () => {
    await fill()
    scratch.alter("DROP TABLE task_tags")
    await scratch.use((store) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(store.list({ tags: ["a"] }, { limit: 9 }))
        expect([failure.reason, failure.message]).toEqual([
          "damaged",
          expect.stringContaining("task_tags")
        ])
      })
    )
  })
})

describe("a database of a newer backbeat", () => {
  test("is refused and left as it is, with what is only in its WAL", async () => {
    await fill()
    leaveInWal("INSERT INTO migrations (migration_id, name) VALUES (9999, 'later')")
    const before = scratch.files()
    const refusal = await scratch.refusal()
    expect(refusal.reason).toBe("newer")
    expect(refusal.message).toContain("9999")
    expect(refusal.message).toContain("Upgrade")
    expect(scratch.files()).toEqual(before)
  })
})

describe("a database that is read-only", () => {
  test("is refused in a folder where nothing can be made", async () => {
    chmodSync(scratch.folder, 0o555)
    const refusal = await asNobody(() => scratch.refusal())
    expect([refusal.reason, refusal.message]).toEqual([
      "readonly",
      expect.stringContaining("writable")
    ])
  })

  test("is refused when file and folder cannot be written", async () => {
    await fill()
    chmodSync(scratch.path, 0o444)
    chmodSync(scratch.folder, 0o555)
    const before = scratch.files()
    expect((await asNobody(() => scratch.refusal())).reason).toBe("readonly")
    expect(scratch.files()).toEqual(before)
  })

  test("is refused when only the file cannot be written", async () => {
    await fill()
    chmodSync(scratch.path, 0o444)
    chmodSync(scratch.folder, 0o777)
    expect((await asNobody(() => scratch.refusal())).reason).toBe("readonly")
  })
})

describe("a database that another program locks", () => {
  test("is unavailable until the lock is gone", () =>
    scratch.use((store) =>
      Effect.gen(function* () {
        const other = new Database(scratch.path)
        other.run("BEGIN IMMEDIATE")
        const failure = yield* Effect.flip(store.record([creation("a")]))
        expect([failure.reason, failure.message]).toEqual([
          "unavailable",
          expect.stringContaining("Another program")
        ])
        other.run("ROLLBACK")
        other.close()
        yield* store.record([creation("a")])
        expect(yield* store.lastSequence).toBe(1)
      })
    ))
})

describe("a database that is no longer this program's to write", () => {
  test("refuses to be opened, and is left without a table", async () => {
    const layer = layerSqlite({ path: scratch.path, isOurs: () => false })
    const refusal = await Effect.runPromise(
      Effect.flip(
        Effect.provide(
          Effect.flatMap(wholeStore, (store) => store.lastSequence),
          layer
        )
      )
    )
    expect(refusal).toMatchObject({
      reason: "unavailable",
      message: expect.stringContaining("removed or replaced")
    })
    expect(await scratch.use((store) => store.lastSequence)).toBe(0)
  })

  test("takes no transaction from the moment on in which it was lost", async () => {
    let ours = true
    const kept = await scratch.use(
      (store) =>
        Effect.gen(function* () {
          yield* store.transact(store.record([creation("before")]))
          ours = false
          const refusal = yield* Effect.flip(store.transact(store.record([creation("after")])))
          expect(refusal).toMatchObject({ reason: "unavailable" })
          return [yield* store.find("before"), yield* store.find("after")].map(
            (task) => task?.id ?? null
          )
        }),
      layerSqlite({ path: scratch.path, isOurs: () => ours })
    )
    expect(kept).toEqual(["before", null])
  })
})

describe("tidying", () => {
  test("moves what the write-ahead log holds into the database, and loses nothing of it", async () => {
    const logBytes = () => statSync(`${scratch.path}-wal`).size
    await scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.transact(store.record([creation("one")]))
        const before = statSync(scratch.path).size
        const grown = logBytes()
        yield* store.tidy
        expect(statSync(scratch.path).size).toBeGreaterThan(before)
        // The next commit begins the log anew.
        yield* store.transact(store.record([creation("two")]))
        expect(logBytes()).toBe(grown)
        expect([(yield* store.find("one"))?.id, (yield* store.find("two"))?.id]).toEqual([
          "one",
          "two"
        ])
      })
    )
  })
})

describe("a transaction", () => {
  test("that only reads writes nothing, and leaves nothing to flush", () =>
    scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.transact(store.record([creation("a")]))
        yield* store.flushed
        const before = scratch.files()
        // A flush would find no log to force to the disk.
        renameSync(`${scratch.path}-wal`, `${scratch.path}-moved`)
        const look = Effect.all([store.find("a"), store.waitingQueues, store.transact(store.busy)])
        for (let n = 0; n < 20; n++) yield* store.transact(look)
        yield* store.flushed
        yield* store.transact(store.record([creation("b")]))
        expect((yield* Effect.flip(store.flushed)).reason).toBe("unavailable")
        renameSync(`${scratch.path}-moved`, `${scratch.path}-wal`)
        yield* store.flushed
        expect(scratch.files()["backbeat.db-wal"]).not.toBe(before["backbeat.db-wal"])
      })
    ))

  test("within another one is flushed with that", () =>
    scratch.use((store) =>
      Effect.gen(function* () {
        renameSync(`${scratch.path}-wal`, `${scratch.path}-moved`)
        yield* store.transact(
          Effect.andThen(store.transact(store.record([creation("a")])), store.flushed)
        )
        expect((yield* Effect.flip(store.flushed)).reason).toBe("unavailable")
        renameSync(`${scratch.path}-moved`, `${scratch.path}-wal`)
        yield* store.flushed
      })
    ))
})
