/** The one place where the engine isSatisfied its store. */
import { type EngineOptions, runEngine } from "@backbeat/engine/Engine"
import { databasePath } from "@backbeat/engine/home/Home"
import type { LockHandle } from "@backbeat/engine/life/acquireHomeLock"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"

/** Is the engine of a home with its database. */
export const runEngineOnSqlite = (options: EngineOptions, election: LockHandle): Promise<void> =>
  runEngine(
    options,
    layerSqlite({ path: databasePath(options.root), isOurs: election.isHeld }),
    election
  )
