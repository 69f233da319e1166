import { wholeStore, type WholeStore } from "../wholeStore.ts"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerDatabase } from "@backbeat/store/sqlite/SqliteDatabase"
import type { SqlDatabase } from "@backbeat/store/sql/SqlDatabase"
import { layerSqliteStores } from "@backbeat/store/sqlite/layerSqlite"
import { creation, life } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"
import { quota, smallDisk } from "./SmallDisk.ts"
import type { SmallDisk } from "./SmallDisk.ts"

let scratch: ScratchDatabase
let disk: SmallDisk
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => {
  disk.remove()
  scratch.remove()
})

type Store = WholeStore

const use = <A, E>(body: (store: Store) => Effect.Effect<A, E, SqlDatabase>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(
      Effect.flatMap(wholeStore, body),
      Layer.provideMerge(layerSqliteStores({ writers: "one" }), layerDatabase({ path: disk.path }))
    )
  )

const large = (id: string) =>
  creation(id, { spec: { work: { kind: "script", script: "x".repeat(100_000) } } })

describe("a full disk", () => {
  test("rolls back the transaction, keeps earlier data, and works again when there is space", () => {
    disk = smallDisk(scratch.folder)
    return use((store) =>
      Effect.gen(function* () {
        yield* store.record(life("before"))
        yield* disk.fill
        const step = store.transact(
          Effect.andThen(store.record([creation("small")]), store.record([large("large")]))
        )
        for (const _ of [1, 2]) {
          const failure = yield* Effect.flip(step)
          expect([failure._tag, failure.reason]).toEqual(["StoreError", "full"])
          expect(failure.message).toContain("Free disk space")
          expect(failure.message).toContain(disk.path)
        }
        expect((yield* store.find("before"))?.state.status).toBe("completed")
        expect([
          yield* store.find("small"),
          yield* store.find("large"),
          yield* store.lastSequence
        ]).toEqual([null, null, 3])
        yield* disk.free
        yield* step
        expect((yield* store.list({}, { limit: 9 })).tasks.map(({ id }) => id)).toEqual([
          "large",
          "small",
          "before"
        ])
        expect(
          (yield* store.events({ since: 0, limit: 9 })).map(({ sequence }) => sequence)
        ).toEqual([1, 2, 3, 4, 5])
        expect(yield* store.check).toMatchObject({ ok: true })
      })
    )
  })

  test("commits no part of a transaction, also if the error is caught inside of it", () => {
    disk = quota(scratch.folder)
    return use((store) =>
      Effect.gen(function* () {
        yield* disk.fill
        const stubborn = store.transact(
          Effect.gen(function* () {
            yield* store.record([creation("first")])
            expect((yield* Effect.flip(store.record([large("large")]))).reason).toBe("full")
            yield* disk.free
            expect((yield* Effect.flip(store.record([creation("last")]))).reason).toBe("full")
            expect(
              (yield* Effect.flip(store.transact(store.record([creation("nested")])))).reason
            ).toBe("full")
          })
        )
        expect(yield* Effect.flip(stubborn)).toMatchObject({ _tag: "StoreError", reason: "full" })
        expect(yield* store.list({}, { limit: 9 })).toMatchObject({ total: 0 })
        yield* store.record([creation("next")])
        expect(yield* store.lastSequence).toBe(1)
      })
    )
  })

  test("stores nothing of a record without an outer transaction", () => {
    disk = quota(scratch.folder)
    return use((store) =>
      Effect.gen(function* () {
        yield* disk.fill
        expect((yield* Effect.flip(store.record([creation("small"), large("large")]))).reason).toBe(
          "full"
        )
        yield* disk.free
        expect([yield* store.lastSequence, (yield* store.list({}, { limit: 9 })).total]).toEqual([
          0, 0
        ])
      })
    )
  })
})
