/** All stores in one SQLite database. */
import * as Layer from "effect/Layer"
import type { StoreError } from "../StoreError.ts"
import type { Stores } from "../Stores.ts"
import { type DatabaseOptions, layerDatabase } from "./SqliteDatabase.ts"
import { layerHomeStore } from "./SqliteHomeStore.ts"
import { layerIdStore } from "./SqliteIdStore.ts"
import { layerAggregateStore } from "./SqliteAggregateStore.ts"
import { layerPipelineStore } from "./SqlitePipelineStore.ts"
import { layerQueueStore } from "./SqliteQueueStore.ts"
import { layerRequestStore } from "./SqliteRequestStore.ts"
import { layerSessionStore } from "./SqliteSessionStore.ts"
import { layerHistory } from "./SqliteHistory.ts"
import { layerTransactions } from "./SqliteTransactions.ts"
import { layerTaskStore } from "./SqliteTaskStore.ts"

/** The stores in the database file at `path`, which is made when there is none. Fails with StoreError. */
export const layerSqlite = (options: DatabaseOptions): Layer.Layer<Stores, StoreError> =>
  Layer.provide(
    Layer.mergeAll(
      layerTransactions,
      layerHistory,
      layerTaskStore,
      layerQueueStore,
      layerAggregateStore,
      layerPipelineStore,
      layerRequestStore,
      layerSessionStore,
      layerIdStore,
      layerHomeStore
    ),
    layerDatabase(options)
  )
