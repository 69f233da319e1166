/** All stores in memory, for tests and trials. */
import * as Layer from "effect/Layer"
import type { Stores } from "../Stores.ts"
import { layerMemoryDatabase, type MemoryDatabase } from "./MemoryDatabase.ts"
import { layerHomeStore } from "./MemoryHomeStore.ts"
import { layerIdStore } from "./MemoryIdStore.ts"
import { layerAggregateStore } from "./MemoryAggregateStore.ts"
import { layerPipelineStore } from "./MemoryPipelineStore.ts"
import { layerQueueStore } from "./MemoryQueueStore.ts"
import { layerRequestStore } from "./MemoryRequestStore.ts"
import { layerTickStore } from "./MemoryTickStore.ts"
import { layerSessionStore } from "./MemorySessionStore.ts"
import { layerHistory } from "./MemoryHistory.ts"
import { layerDisk, layerTransactions } from "./MemoryTransactions.ts"
import { layerTaskStore } from "./MemoryTaskStore.ts"

/** The stores on a memory that somebody keeps. */
export const layerStoresInMemory: Layer.Layer<Stores, never, MemoryDatabase> = Layer.mergeAll(
  layerTransactions,
  layerDisk,
  layerHistory,
  layerTaskStore,
  layerQueueStore,
  layerAggregateStore,
  layerPipelineStore,
  layerTickStore,
  layerRequestStore,
  layerSessionStore,
  layerIdStore,
  layerHomeStore
)

/** Stores of their own for each build of the layer. */
export const layerMemory: Layer.Layer<Stores> = Layer.provide(
  layerStoresInMemory,
  layerMemoryDatabase
)
