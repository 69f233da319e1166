/** The engine role of the binary: the one place where the engine meets its store. */
import { databasePath } from "@backbeat/engine/home/Home"
import { runEngine } from "@backbeat/engine/Engine"
import { layerSqlite } from "@backbeat/store/sqlite/SqliteTaskStore"
import { version } from "./version.ts"

declare module "bun" {
  // Missing in Bun's own types.
  namespace unsafe {
    function setJITPolicy(policy: number): void
  }
}

/** Becomes the engine of a home and lives until it is asked to end. */
export const beEngine = (root: string, configPath: string): Promise<void> => {
  // The binary is built to compile late, because most of its runs are short. This one is not.
  Bun.unsafe.setJITPolicy(1)
  return runEngine({ root, configPath, version, environment: process.env }, layerSqlite({ path: databasePath(root) }))
}
