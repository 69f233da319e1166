/** All stores in one SQLite database. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StoreError } from "../StoreError.ts"
import type { Stores } from "../Stores.ts"
import type { SqlDatabase } from "../sql/SqlDatabase.ts"
import { type DatabaseOptions, layerDatabase, SqliteDatabase } from "./SqliteDatabase.ts"
import { layerHomeStore } from "./SqliteHomeStore.ts"
import { layerIdStore } from "../sql/SqlIdStore.ts"
import { layerAggregateStore } from "../sql/SqlAggregateStore.ts"
import { layerPipelineStore } from "../sql/SqlPipelineStore.ts"
import { layerQueueStore } from "../sql/SqlQueueStore.ts"
import { layerRequestStore } from "../sql/SqlRequestStore.ts"
import { layerTickStore } from "../sql/SqlTickStore.ts"
import { layerSessionStore } from "../sql/SqlSessionStore.ts"
import { layerHistory } from "../sql/SqlHistory.ts"
import { Database } from "../Database.ts"
import { layerDisk } from "./SqliteDisk.ts"
import { layerTaskRows } from "../sql/SqlTaskRows.ts"
import { layerLive, type LiveOptions } from "../live/layerLive.ts"

const layerTransactions = Layer.effect(
  Database,
  Effect.map(SqliteDatabase, ({ transact }) => Database.of({ transact }))
)

/** The stores on an open database. `writers` is "many" if other connections write to it. */
export const layerSqliteStores = (
  live: LiveOptions
): Layer.Layer<Stores, never, SqliteDatabase | SqlDatabase> => {
  const layerBelow = Layer.mergeAll(layerTransactions, layerHistory, layerTaskRows)
  return Layer.mergeAll(
    Layer.provide(layerLive(live), layerBelow),
    layerDisk,
    layerHistory,
    layerQueueStore,
    layerAggregateStore,
    layerPipelineStore,
    layerTickStore,
    layerRequestStore,
    layerSessionStore,
    layerIdStore,
    layerHomeStore
  )
}

/**
 * The stores in the database file at `path`, which is created if it is missing. Fails with
 * StoreError.
 */
export const layerSqlite = ({
  writers = "one",
  ...options
}: DatabaseOptions & Partial<LiveOptions>): Layer.Layer<Stores, StoreError> =>
  Layer.provide(layerSqliteStores({ writers }), layerDatabase(options))
