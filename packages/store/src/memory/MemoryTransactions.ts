/** The Database and Disk ports in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database } from "../Database.ts"
import { Disk } from "../Disk.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

/** Transactions over the data in memory. */
export const layerTransactions = Layer.effect(
  Database,
  Effect.map(MemoryDatabase, ({ journal: { transact } }) => Database.of({ transact }))
)

/** A disk that is never full. */
export const layerDisk = Layer.succeed(Disk, {
  flushed: Effect.void,
  maintain: Effect.void,
  freeSpace: () => Effect.void,
  check: Effect.succeed({ ok: true, message: "The tasks are kept in memory." })
})
