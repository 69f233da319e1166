/** The engine role of the binary. */
import { runWithHomeLock } from "@backbeat/engine/life/runWithHomeLock"
import { judging } from "./judging.ts"
import { version } from "./version.ts"

declare module "bun" {
  // Missing in Bun's own types.
  namespace unsafe {
    function setJITPolicy(policy: number): void
  }
}

/** The binary is built to compile late, because most of its runs are short. This one is not, but its beginning is awaited. */
const begun = (): void => Bun.unsafe.setJITPolicy(1)

/** Becomes the engine of a home, unless it has one, and lives until it is asked to end. */
export const engineMain = (root: string, configPath: string): Promise<void> =>
  runWithHomeLock(root, judging(process.env), async (election) => {
    const { runEngineOnSqlite } = await import("./runEngineOnSqlite.ts")
    await runEngineOnSqlite(
      { root, configPath, version, environment: process.env, begun },
      election
    )
  })
