/** The only place where the engine and its store are connected. */
import type { Problem } from "@backbeat/contract/Problem"
import { type EngineOptions, runEngine } from "@backbeat/engine/Engine"
import { databasePath } from "@backbeat/engine/home/Home"
import type { LockHandle } from "@backbeat/engine/life/acquireHomeLock"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"

/** Runs the engine of a home on its database. */
export const runEngineOnSqlite = (
  options: EngineOptions,
  lock: LockHandle
): Promise<Problem | null> =>
  runEngine(options, layerSqlite({ path: databasePath(options.root), isOurs: lock.isOwned }), lock)
