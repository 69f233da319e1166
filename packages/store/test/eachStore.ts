/** Runs the tests of a store on each implementation, each test in its own database. */
import { afterAll, describe } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"

/** Runs the effect of one test; `database` names its database. */
export type Run = (database: string, effect: Effect.Effect<void, unknown, Stores>) => Promise<void>

/** Defines the tests for each store, in memory and on SQLite. */
export const describeEachStore = (what: string, tests: (run: Run) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), "store-"))
  afterAll(() => rmSync(folder, { recursive: true }))
  const layers: Readonly<Record<string, (database: string) => Layer.Layer<Stores, StoreError>>> = {
    memory: () => layerMemory,
    SQLite: (database) => layerSqlite({ path: join(folder, database) })
  }
  for (const [name, layer] of Object.entries(layers)) {
    describe(`${name}: ${what}`, () =>
      tests((database, effect) => Effect.runPromise(Effect.provide(effect, layer(database)))))
  }
}
