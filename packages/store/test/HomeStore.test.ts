/** Tests that all HomeStores behave in the same way. */
import { wholeStore } from "./wholeStore.ts"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HomeStore } from "@backbeat/store/HomeStore"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { describeEachStore } from "./eachStore.ts"

const record = { id: "a", device: "18446744073709551615", inode: "7", path: "/home/ü" }

describeEachStore("a home", (run) => {
  test("is the last one written", () =>
    run(
      "written",
      Effect.gen(function* () {
        const homes = yield* HomeStore
        expect(yield* homes.find).toBeNull()
        yield* homes.write(record)
        yield* homes.write({ ...record, id: "b", path: "/moved" })
        expect(yield* homes.find).toEqual({ ...record, id: "b", path: "/moved" })
      })
    ))

  test("is written in the current transaction", () =>
    run(
      "rolled back",
      Effect.gen(function* () {
        const homes = yield* HomeStore
        const store = yield* wholeStore
        yield* homes.write(record)
        yield* Effect.flip(
          store.transact(Effect.andThen(homes.write({ ...record, id: "b" }), Effect.fail("no")))
        )
        expect(yield* homes.find).toEqual(record)
      })
    ))
})

const on = <A>(path: string, use: (homes: HomeStore["Service"]) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(Effect.provide(Effect.flatMap(HomeStore, use), layerSqlite({ path })))

test("the id of another home is read from its database, which does not change", async () => {
  const folder = mkdtempSync(join(tmpdir(), "homes-"))
  const [here, there] = [join(folder, "here.db"), join(folder, "there.db")]
  try {
    await on(there, (homes) => homes.write(record))
    expect(await on(here, (homes) => homes.idAt(there))).toBe("a")
    expect(await on(here, (homes) => homes.idAt(join(folder, "missing.db")))).toBeNull()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
