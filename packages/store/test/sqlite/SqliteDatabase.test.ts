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

/** Leaves the database as a killed writer does, with content that is only in the WAL. */
const leaveInWal = (statement: string) => {
  const db = new Database(scratch.path)
  db.run(statement)
  const left = scratch.files()
  db.close()
  for (const [name, content] of Object.entries(left))
    writeFileSync(join(scratch.folder, name), Buffer.from(content, "base64"))
  expect(left["backbeat.db-wal"]?.length).toBeGreaterThan(0)
}

/**
 * Expects that the database is rejected as damaged, with this detail, and that no byte of it
 * changes.
 */
const untouched = async (detail: RegExp) => {
  const before = scratch.files()
  const error = await scratch.openingError()
  expect(error.reason).toBe("damaged")
  expect(error.message).toMatch(detail)
  expect(error.message).toContain(scratch.path)
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
  test("is readable only by its owner, with all files beside it", () =>
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

  test("uses a write-ahead log, and leaves flushing to the flusher", () =>
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

  test("that closes while a caller waits for a flush has flushed", () =>
    scratch
      .use((store) => Effect.as(store.transact(store.record([creation("a")])), store))
      .then((store) => Effect.runPromise(store.flushed)))

  test("in a missing folder is rejected with the folder's name", async () => {
    const error = await scratch.openingError(join(scratch.folder, "none", "backbeat.db"))
    expect(error).toMatchObject({ _tag: "StoreError", reason: "unavailable" })
    expect(error.message).toContain(join(scratch.folder, "none"))
  })

  test("at the path of a folder is rejected", async () => {
    expect(await scratch.openingError(scratch.folder)).toMatchObject({ reason: "unavailable" })
  })
})

describe("a damaged database", () => {
  test("that is no database is rejected and not changed", async () => {
    writeFileSync(scratch.path, "precious notes, no database\n".repeat(500))
    await untouched(/not a database/)
  })

  test("with a broken schema is rejected and not changed, nor is its WAL", async () => {
    await fill()
    leaveInWal("UPDATE event_counter SET last_sequence = 500")
    scratch.damage(100, new Uint8Array(3000).fill(0xee))
    await untouched(/malformed/)
  })

  test("that is empty beside its WAL is rejected and not changed", async () => {
    await fill()
    leaveInWal("CREATE TABLE more (a)")
    truncateSync(scratch.path, 0)
    await untouched(/empty/)
  })

  test("of another program is rejected and not changed", async () => {
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

  test("reports the task whose document is broken, and returns the others", async () => {
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

  test("reports the event whose document is broken", async () => {
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

  test("without one of its tables reports that", async () => {
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
  test("is rejected and not changed, nor is its WAL", async () => {
    await fill()
    leaveInWal("INSERT INTO migrations (migration_id, name) VALUES (9999, 'later')")
    const before = scratch.files()
    const error = await scratch.openingError()
    expect(error.reason).toBe("newer")
    expect(error.message).toContain("9999")
    expect(error.message).toContain("Upgrade")
    expect(scratch.files()).toEqual(before)
  })
})

describe("a database that is read-only", () => {
  test("is rejected in a read-only folder", async () => {
    chmodSync(scratch.folder, 0o555)
    const error = await asNobody(() => scratch.openingError())
    expect([error.reason, error.message]).toEqual(["readonly", expect.stringContaining("writable")])
  })

  test("is rejected if file and folder are read-only", async () => {
    await fill()
    chmodSync(scratch.path, 0o444)
    chmodSync(scratch.folder, 0o555)
    const before = scratch.files()
    expect((await asNobody(() => scratch.openingError())).reason).toBe("readonly")
    expect(scratch.files()).toEqual(before)
  })

  test("is rejected if only the file is read-only", async () => {
    await fill()
    chmodSync(scratch.path, 0o444)
    chmodSync(scratch.folder, 0o777)
    expect((await asNobody(() => scratch.openingError())).reason).toBe("readonly")
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

describe("a database that this program no longer owns", () => {
  test("cannot be opened, and gets no table", async () => {
    const layer = layerSqlite({ path: scratch.path, isOurs: () => false })
    const error = await Effect.runPromise(
      Effect.flip(
        Effect.provide(
          Effect.flatMap(wholeStore, (store) => store.lastSequence),
          layer
        )
      )
    )
    expect(error).toMatchObject({
      reason: "unavailable",
      message: expect.stringContaining("removed or replaced")
    })
    expect(await scratch.use((store) => store.lastSequence)).toBe(0)
  })

  test("rejects every transaction after it was lost", async () => {
    let ours = true
    const kept = await scratch.use(
      (store) =>
        Effect.gen(function* () {
          yield* store.transact(store.record([creation("before")]))
          ours = false
          const error = yield* Effect.flip(store.transact(store.record([creation("after")])))
          expect(error).toMatchObject({ reason: "unavailable" })
          return [yield* store.find("before"), yield* store.find("after")].map(
            (task) => task?.id ?? null
          )
        }),
      layerSqlite({ path: scratch.path, isOurs: () => ours })
    )
    expect(kept).toEqual(["before", null])
  })
})

describe("maintenance", () => {
  test("moves the content of the write-ahead log into the database", async () => {
    const logBytes = () => statSync(`${scratch.path}-wal`).size
    await scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.transact(store.record([creation("one")]))
        const before = statSync(scratch.path).size
        const grown = logBytes()
        yield* store.maintain
        expect(statSync(scratch.path).size).toBeGreaterThan(before)
        // The next commit starts the log from its beginning.
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
  test("that only reads writes nothing, and needs no flush", () =>
    scratch.use((store) =>
      Effect.gen(function* () {
        yield* store.transact(store.record([creation("a")]))
        yield* store.flushed
        const before = scratch.files()
        // A flush would find no log.
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

  test("within another one is flushed with it", () =>
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
