/** The one place where the engine meets its store. */
import { type EngineOptions, reign } from "@backbeat/engine/Engine"
import { databasePath } from "@backbeat/engine/home/Home"
import type { Election } from "@backbeat/engine/life/election"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"

/** Is the engine of a home with its database. */
export const reignWithSqlite = (options: EngineOptions, election: Election): Promise<void> =>
  reign(
    options,
    layerSqlite({ path: databasePath(options.root), isOurs: election.isHeld }),
    election
  )
